fn main() {
    let path = std::env::temp_dir().join("corpus");
    if let Err(error) = std::fs::write(&path, "ok") {
        eprintln!("{}: {}", path.display(), error);
        std::process::exit(1);
    }
    println!("ok");
}
