package main

import (
	"fmt"
	"os"
)

func main() {
	if _, err := os.CreateTemp("", "corpus"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
