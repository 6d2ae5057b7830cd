// Command latecarrier stands in the place of a program that carries a guest and
// takes the port of this machine itself: it tells of the port that it was
// started with, waits for an answer, and becomes the program. The conformance
// suite of the targets has the port taken meanwhile. What it needs to know lies
// beside it, as it has no environment.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// port finds the port in an argument.
var port = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

func main() {
	fmt.Fprintln(os.Stderr, "the late carrier:", run())
	os.Exit(1)
}

// run returns only when it fails.
func run() error {
	program, err := beside("program")
	if err != nil {
		return err
	}
	if found := port.FindStringSubmatch(strings.Join(os.Args, " ")); found != nil {
		if err := tell(found[1]); err != nil {
			return err
		}
	}
	return syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
}

// beside reads a file beside this program.
func beside(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), name))
	return string(text), err
}

// tell tells the suite the port, and waits until it says to go on.
func tell(port string) error {
	control, err := beside("control")
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", control)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, port); err != nil {
		return err
	}
	_, err = bufio.NewReader(conn).ReadString('\n')
	return err
}
