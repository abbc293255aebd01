package main

import (
	"os"

	"github.com/opstruth/opstruth/standalone/command"
)

func main() { os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr, greet())) }
