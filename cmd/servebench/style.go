package main

import (
	"io"
	"os"

	"servebench/reports/text"
)

// styleOf allows colours where a terminal shows them and nobody minds.
func styleOf(w io.Writer) text.Style {
	return text.Style{Colour: isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}
