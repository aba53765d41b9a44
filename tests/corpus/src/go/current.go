package main

import (
	"fmt"
	"os"
	"os/user"
)

// Without cgo it needs /etc/passwd, or $USER and $HOME.
func main() {
	if _, err := user.Current(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
