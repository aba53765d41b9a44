package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	if err := exec.Command("true").Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
