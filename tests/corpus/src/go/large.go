// Above 10 MB: much of Go's library, and three needs.
package main

import (
	"crypto/tls"
	"encoding/gob"
	"encoding/xml"
	"fmt"
	"go/types"
	"html/template"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/rpc"
	"os"
	"os/exec"
	"os/user"
	"strings"
)

var kept = []interface{}{jpeg.Decode, png.Decode, xml.Unmarshal, gob.NewDecoder, types.NewPackage,
	tls.Listen, rpc.NewServer, template.New, http.ListenAndServe}

func work(name string) (err error) {
	switch name {
	case "user":
		_, err = user.Current()
	case "temporary":
		_, err = os.CreateTemp("", "corpus")
	case "program":
		err = exec.Command("true").Run()
	}
	return err
}

func main() {
	if err := work(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err, strings.Repeat(".", len(kept)))
		os.Exit(1)
	}
	fmt.Println("ok")
}
