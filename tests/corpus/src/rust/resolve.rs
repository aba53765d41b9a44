use std::net::ToSocketAddrs;

fn main() {
    if let Err(error) = ("localhost", 80).to_socket_addrs() {
        eprintln!("{}", error);
        std::process::exit(1);
    }
    println!("ok");
}
