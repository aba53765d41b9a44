fn main() {
    if let Err(error) = std::process::Command::new("true").status() {
        eprintln!("true: {}", error);
        std::process::exit(1);
    }
    println!("ok");
}
