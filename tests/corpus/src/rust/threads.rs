fn main() {
    let thread = std::thread::spawn(|| panic!("caught"));
    assert!(thread.join().is_err());
    println!("ok");
}
