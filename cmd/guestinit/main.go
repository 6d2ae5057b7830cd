// Command guestinit is the first process of the virtual machines that the VM
// target starts: see package servebench/targets/vm/pid1. It is no command for
// users.
package main

import (
	"fmt"
	"os"

	"servebench/targets/vm/pid1"
)

func main() {
	if err := pid1.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "guestinit:", err)
		os.Exit(1)
	}
}
