package html

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"

	"servebench/reports/figures"
)

//go:embed style.css
var sheet string

//go:embed page.tmpl
var layout string

func parse() (*template.Template, error) {
	return template.New("page").Parse(layout)
}

// style returns the style sheet with the figures' colours filled in.
func style() string {
	return strings.NewReplacer(
		"/*light figures*/", figures.Light().CSS(),
		"/*dark figures*/", figures.Dark().CSS(),
	).Replace(sheet)
}

// policy allows the page its own style sheet, by its hash, and images inside
// the page; no script, no connection, no frame, no form.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'"
}
