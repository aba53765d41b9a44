package main

import (
	"fmt"
	"net"
	"os"
)

// Go knows http and https itself.
func main() {
	if _, err := net.LookupPort("tcp", "whit"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
