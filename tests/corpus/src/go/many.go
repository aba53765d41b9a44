package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
)

func work(name string) (err error) {
	switch name {
	case "user":
		_, err = user.Lookup("root")
	case "group":
		_, err = user.LookupGroup("root")
	case "temporary":
		_, err = os.CreateTemp("", "corpus")
	case "program":
		err = exec.Command("true").Run()
	}
	return err
}

func main() {
	if err := work(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
