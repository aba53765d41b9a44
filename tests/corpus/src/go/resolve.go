package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	if _, err := net.LookupHost("localhost"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
