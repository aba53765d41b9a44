package main

import (
	"fmt"
	"mime"
	"os"
)

func main() {
	if mime.TypeByExtension(".whit") == "" {
		fmt.Fprintln(os.Stderr, "no type for .whit")
		os.Exit(1)
	}
	fmt.Println("ok")
}
