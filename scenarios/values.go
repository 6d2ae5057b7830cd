package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/invopop/jsonschema"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
	"servebench/targets"
	"servebench/targets/protocol"
)

// name is what files, folders and settings are called after.
func name(decode.Tag) decode.Scalar {
	s := decode.Matching("name", "a name of letters, digits, - and _, at most 64 of them", `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`, " is not a name")
	s.HandedOn = false // it is used in figures and files
	return s
}

// variable is a KEY=VALUE pair.
func variable(decode.Tag) decode.Scalar {
	return decode.Matching("KEY=VALUE", "KEY=VALUE", `^[^=\s]+=`, " sets no variable")
}

// prose is text without the space around it, which a block of text ends with.
func prose(decode.Tag) decode.Scalar {
	return trimmed(decode.Prose("text", "text", "", nil))
}

func trimmed(s decode.Scalar) decode.Scalar {
	read := s.Read
	s.Read = func(n *decode.Node) (any, *decode.Flaw) {
		v, flaw := read(n)
		return strings.TrimSpace(v.(string)), flaw
	}
	return s
}

// headerValue is the value of a header field: text on one line.
func headerValue(decode.Tag) decode.Scalar {
	return trimmed(decode.Text("text on one line", func(n *decode.Node) *decode.Flaw {
		if !decode.Visible(n.Text, "\t") {
			return &decode.Flaw{Problem: n.String() + " holds control characters"}
		}
		return nil
	}))
}

// path is the path of a URL, with a query or without, that can be asked for as it is
// written.
func path(decode.Tag) decode.Scalar {
	return decode.Prose("path", "a path such as /health", `^/[^\s#\x00-\x1F\x7F]*$`, func(n *decode.Node) *decode.Flaw {
		switch _, err := url.ParseRequestURI(n.Text); {
		case strings.Contains(n.Text, "://") && !strings.HasPrefix(n.Text, "/"):
			return &decode.Flaw{Problem: n.String() + " is a whole URL", Want: "the path alone, such as /health; the server's URL is endpoint.url"}
		case strings.Contains(n.Text, "#"):
			return &decode.Flaw{Problem: n.String() + " has a fragment, which no client sends", Want: "the path up to the #, or %23 in the place of the #"}
		case strings.ContainsFunc(n.Text, unicode.IsSpace):
			return &decode.Flaw{Problem: n.String() + " has white space in it", Want: "%20 in the place of a space"}
		case err != nil || !strings.HasPrefix(n.Text, "/"):
			return &decode.Flaw{Problem: n.String() + " is not the path of a URL"}
		}
		return nil
	})
}

// method is a method of HTTP, or a text with a placeholder for one.
func method(tag decode.Tag) decode.Scalar {
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	named := decode.OneName("method", methods)
	read := named.Read
	named.Label, named.Want = decode.OneOf(methods), tag.Want
	named.Schema = jsonschema.Schema{Type: "string", Pattern: `^(` + strings.Join(methods, "|") + `|.*\{\{.*)$`}
	named.Read = func(n *decode.Node) (any, *decode.Flaw) {
		if strings.Contains(n.Text, "{{") {
			return n.Text, nil
		}
		return read(n)
	}
	return named
}

// requestTarget is a path in which placeholders may stand, or one for all of it.
func requestTarget(tag decode.Tag) decode.Scalar {
	plain := path(tag)
	return decode.Prose("path", "a path such as /score/{{customer}}", `^(/|\{\{)`, func(n *decode.Node) *decode.Flaw {
		filled := *n
		filled.Text = placeholders.ReplaceAllString(n.Text, "x")
		if strings.HasPrefix(n.Text, "{{") && !strings.HasPrefix(n.Text, "{{{{") {
			filled.Text = "/" + filled.Text
		}
		_, flaw := plain.Read(&filled)
		if flaw != nil && filled.Text != n.Text {
			flaw = &decode.Flaw{Problem: n.String() + " is not the path of a URL with placeholders"}
		}
		return flaw
	})
}

// column is the name of a column of a file.
func column(decode.Tag) decode.Scalar { return decode.Words("the name of a column") }

// tensor is the datatype of a tensor with its shape: FP32[3,224,224], BYTES[].
func tensor(decode.Tag) decode.Scalar {
	s := decode.Matching("datatype with shape", "a datatype with a shape, such as FP32[3,224,224]", `^[A-Z0-9]+\[(-1|[0-9]+)?(,(-1|[0-9]+))*\]$`, " is not a datatype with a shape")
	read := s.Read
	s.Read = func(n *decode.Node) (any, *decode.Flaw) {
		v, flaw := read(n)
		if name, _, _ := strings.Cut(n.Text, "["); flaw == nil && generators.DatatypeNamed(name) == 0 {
			return v, &decode.Flaw{Problem: fmt.Sprintf("unknown datatype %q%s", name, decode.Suggest(name, datatypes())), Want: decode.OneOf(datatypes())}
		}
		return v, flaw
	}
	return s
}

func datatypes() (names []string) {
	for d := generators.BOOL; d <= generators.BYTES; d++ {
		names = append(names, d.String())
	}
	return names
}

// file is a path of this machine: in the scenario's file relative to the folder of the
// file, in a setting to the working folder; what is read is absolute.
func file(tag decode.Tag) decode.Scalar { return located(tag.Want, tag.Want, nil) }

// reference is what is compared with: the first phase, or a file.
func reference(tag decode.Tag) decode.Scalar {
	const want = record.FirstPhase + " or the path of a file"
	return located(want, want, func(n *decode.Node) bool { return n.Text != record.FirstPhase })
}

// argument is one of a command's, the first of which is a path where it has a slash in it.
func argument(decode.Tag) decode.Scalar {
	return located("an argument", "the path of a program", func(n *decode.Node) bool {
		return n.Index == 0 && strings.Contains(n.Text, "/")
	})
}

// image is a container image: the path of a tarball or of a folder with an OCI layout,
// where it begins like one or there is such a file, else a reference.
func image(decode.Tag) decode.Scalar {
	return located("an image", "the path of a tarball or of an OCI layout", func(n *decode.Node) bool {
		for _, start := range []string{"/", "./", "../", "~/"} {
			if strings.HasPrefix(n.Text, start) {
				return true
			}
		}
		path := filepath.Join(n.Dir, n.Text)
		info, err := os.Stat(path)
		if err != nil || info.Mode().IsRegular() {
			return err == nil
		}
		_, err = os.Stat(filepath.Join(path, "oci-layout"))
		return err == nil
	})
}

// located is text that says something, and where isPath says so is a path of this machine,
// which is made absolute; nil: always.
func located(want, pathWanted string, isPath func(*decode.Node) bool) decode.Scalar {
	s := decode.Words(want)
	read := s.Read
	s.Read = func(n *decode.Node) (any, *decode.Flaw) {
		v, flaw := read(n)
		if flaw != nil || isPath != nil && !isPath(n) || filepath.IsAbs(n.Text) {
			return v, flaw
		}
		if rest, ok := strings.CutPrefix(n.Text, "~/"); ok { // which nothing but a shell knows
			return "", &decode.Flaw{Problem: fmt.Sprintf("%q: ~ is not replaced by the home folder", n.Text), Want: fmt.Sprintf("%s, such as ${HOME}/%s", pathWanted, rest)}
		}
		if n.Written != "" {
			n.Written = strings.ReplaceAll(n.Dir, "$", "$$") + "/" + n.Written
		}
		return filepath.Join(n.Dir, n.Text), nil
	}
	return s
}

// usd is an amount of money.
func usd(decode.Tag) decode.Scalar {
	s := decode.Number(1e-6, 1e9, false)
	s.Label, s.Want = "US dollars", "US dollars, such as 0.40"
	return s
}

// rate is a number of requests per second above 0, or from 0 on where a load may begin or
// end there.
func rate(tag decode.Tag) decode.Scalar {
	orZero := tag.Min == "0"
	number := &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0", Maximum: json.Number(decode.FormatNumber(arrivals.MaxRate))}
	if orZero {
		number.ExclusiveMinimum, number.Minimum = "", "0"
	}
	schema := jsonschema.Schema{AnyOf: []*jsonschema.Schema{number, {Type: "string", Pattern: `^[0-9]+(\.[0-9]+)?/s$`}}}
	return decode.Scalar{
		Label: "rate per second", Want: "a rate per second, such as 200", Schema: schema,
		Read: func(n *decode.Node) (any, *decode.Flaw) {
			v, flaw := perSecond(n)
			switch {
			case flaw != nil:
				return 0, flaw
			case v < 0 || math.Signbit(v) || v == 0 && !orZero:
				return 0, &decode.Flaw{Problem: n.Text + " is not above 0"}
			case v > arrivals.MaxRate:
				return 0, &decode.Flaw{Problem: fmt.Sprintf("%s is above %d", n.Text, int64(arrivals.MaxRate))}
			}
			return v, nil
		},
	}
}

// perSecond reads a number, or one with its unit, such as 200/s.
func perSecond(n *decode.Node) (float64, *decode.Flaw) {
	if digits, with := strings.CutSuffix(n.Text, "/s"); with && decode.IsNumber(digits) {
		if v, err := strconv.ParseFloat(digits, 64); err == nil {
			return v, nil
		}
	}
	return n.Number()
}

// mean is what a metric shall be: a fraction as a percentage, or a number above 0.
func mean(decode.Tag) decode.Scalar {
	const most = 1e12
	fraction := decode.Fraction()
	return decode.Scalar{
		Label: "fraction or number", Want: "a fraction such as 60%, or a number above 0",
		Read: func(n *decode.Node) (v any, flaw *decode.Flaw) {
			if strings.HasSuffix(n.Text, "%") {
				v, flaw = fraction.Read(n)
			} else {
				v, flaw = n.Number()
			}
			switch {
			case flaw != nil:
				return 0.0, flaw
			case v.(float64) <= 0:
				return 0.0, &decode.Flaw{Problem: n.Text + " is not above 0"}
			case v.(float64) > most:
				return 0.0, &decode.Flaw{Problem: n.Text + " is above 1e12"}
			}
			return v, nil
		},
		Write: func(v any) any {
			if f := v.(float64); f <= 1 {
				return decode.FormatFraction(f)
			}
			return v
		},
		Schema: jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "number", ExclusiveMinimum: "0", Maximum: "1000000000000"},
			{Type: "string", Pattern: `^[0-9]+(\.[0-9]+)?%$`},
		}},
	}
}

// The bounds of a window of answers, in which accuracy is a figure worth the name.
const (
	shortestWindow  = time.Second
	fewestInWindow  = 50
	mostInWindow    = 10_000_000
	windowOfAnswers = "a time of at least 1s, such as 10s, or a number of answers from 50 to 10000000, such as 500"
)

// window is a stretch of answers: a time, or how many they are.
func window(decode.Tag) decode.Scalar {
	span := decode.Duration(false, "s")
	return decode.Scalar{
		Label: "duration or whole number", Want: windowOfAnswers,
		Read: func(n *decode.Node) (any, *decode.Flaw) {
			if n.Unitless() {
				answers, err := strconv.Atoi(n.Text)
				if err != nil || answers < fewestInWindow || answers > mostInWindow {
					return record.Window{}, &decode.Flaw{Problem: n.Text + " is no number of answers from 50 to 10000000"}
				}
				return record.Window{Answers: answers}, nil
			}
			v, flaw := span.Read(n)
			if flaw != nil {
				return record.Window{}, flaw
			}
			if v.(time.Duration) < shortestWindow {
				return record.Window{}, &decode.Flaw{Problem: n.Text + " is shorter than 1s"}
			}
			return record.Window{Time: v.(time.Duration)}, nil
		},
		Write: func(v any) any {
			if w := v.(record.Window); w.Answers > 0 {
				return w.Answers
			}
			return decode.FormatDuration(v.(record.Window).Time)
		},
		Schema: jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "50", Maximum: "10000000"}, &span.Schema,
		}},
	}
}

// minSize is the least memory that is taken for a limit and not for a slip.
const minSize = targets.MiB

// size is a size of at least minSize, with its unit.
func size(decode.Tag) decode.Scalar {
	return decode.Scalar{
		Label: "size", Want: "a size with its unit, such as 512MiB or 2GB",
		Read: func(n *decode.Node) (any, *decode.Flaw) {
			digits, either := strings.CutSuffix(n.Text, "M")
			b, err := targets.ParseBytes(n.Text)
			switch {
			case n.Unitless():
				return 0, &decode.Flaw{Problem: n.Text + " has no unit", Want: fmt.Sprintf("for example %sMiB", strings.TrimPrefix(n.Text, "-"))}
			case either && decode.IsNumber(digits):
				return 0, &decode.Flaw{Problem: n.String() + " may mean either of two sizes", Want: fmt.Sprintf("%sMiB (1024 × 1024) or %sMB (1000 × 1000)", digits, digits)}
			case errors.Is(err, targets.ErrTooLarge):
				return 0, &decode.Flaw{Problem: n.Text + " is larger than any size"}
			case err != nil:
				return 0, &decode.Flaw{Problem: n.String() + " is not a size"}
			case b < minSize:
				return 0, &decode.Flaw{Problem: n.Text + " is less than " + minSize.String()}
			}
			return b, nil
		},
		Write:  func(v any) any { return v.(targets.Bytes).String() },
		Schema: jsonschema.Schema{Type: "string", Pattern: `^\s*[0-9]*\.?[0-9]*\s*(B|KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB)\s*$`},
	}
}

// readStatus reads a status of HTTP, or a hundred of them.
func readStatus(text string) (protocol.Statuses, bool) {
	digits, hundred := strings.CutSuffix(text, "xx")
	v, err := strconv.ParseUint(digits, 10, 16)
	status := int(v)
	switch {
	case err == nil && hundred && 2 <= status && status <= 5:
		return protocol.Statuses{First: 100 * status, Last: 100*status + 99}, true
	case err == nil && !hundred && 200 <= status && status <= 599:
		return protocol.Statuses{First: status, Last: status}, true
	}
	return protocol.Statuses{}, false
}

// failure is a failure after which a request may be sent again: a class of them, or
// statuses from 400 on.
func failure(decode.Tag) decode.Scalar {
	return decode.Scalar{
		Label: "failure", Want: "refused, closed, timeout, a status from 400 to 599, 4xx or 5xx",
		Read: func(n *decode.Node) (any, *decode.Flaw) {
			if s, ok := readStatus(n.Text); slices.Contains(retriedClasses(), n.Text) || ok && s.First >= 400 {
				return n.Text, nil
			}
			return nil, &decode.Flaw{Problem: n.String() + " is no failure after which a request could be sent again"}
		},
		Schema: jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "400", Maximum: "599"},
			{Type: "string", Pattern: "^(refused|closed|timeout|[45]xx|[45][0-9][0-9])$"},
		}},
	}
}

// status is a single status of HTTP or a hundred of them: 404, 2xx.
func status(decode.Tag) decode.Scalar {
	return decode.Scalar{
		Label: "status", Want: "a status from 200 to 599, or 2xx, 3xx, 4xx or 5xx",
		Read: func(n *decode.Node) (any, *decode.Flaw) {
			if s, ok := readStatus(n.Text); ok {
				return s, nil
			}
			return nil, &decode.Flaw{Problem: n.String() + " is not a status of HTTP"}
		},
		Write: func(v any) any {
			if s := v.(protocol.Statuses); s.First != s.Last {
				return fmt.Sprintf("%dxx", s.First/100)
			}
			return v.(protocol.Statuses).First
		},
		Schema: jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "200", Maximum: "599"},
			{Type: "string", Pattern: "^([2-5]xx|0*[2-5][0-9][0-9])$"},
		}},
	}
}
