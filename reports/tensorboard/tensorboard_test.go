package tensorboard_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"

	"servebench/reports/analysis/sample"
	"servebench/reports/formattest"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
	"servebench/reports/tensorboard"
	"servebench/reports/tracking"

	"google.golang.org/protobuf/encoding/protowire"
)

var update = flag.Bool("update", false, "write the golden files anew")

// event is what the tests read of an Event.
type event struct {
	wall   float64
	step   int64
	values []read
}

// read is what they read of a Summary.Value.
type read struct {
	tag     string
	scalar  float32
	histo   []byte
	plugin  string
	content []byte
}

// events reads an event file, and holds it to its frame: lengths and masked checksums.
func events(t *testing.T, file []byte) (all []event) {
	t.Helper()
	masked := func(data []byte) uint32 {
		c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
		return (c>>15 | c<<17) + 0xa282ead8
	}
	for len(file) > 0 {
		n := binary.LittleEndian.Uint64(file)
		data := file[12 : 12+n]
		if binary.LittleEndian.Uint32(file[8:]) != masked(file[:8]) || binary.LittleEndian.Uint32(file[12+n:]) != masked(data) {
			t.Fatal("a checksum is wrong")
		}
		file = file[16+n:]
		var e event
		fields(t, data, func(number protowire.Number, v uint64, b []byte) {
			switch number {
			case 1:
				e.wall = math.Float64frombits(v)
			case 2:
				e.step = int64(v)
			case 5:
				fields(t, b, func(_ protowire.Number, _ uint64, b []byte) { e.values = append(e.values, readValue(t, b)) })
			}
		})
		all = append(all, e)
	}
	return all
}

func readValue(t *testing.T, data []byte) (r read) {
	fields(t, data, func(number protowire.Number, v uint64, b []byte) {
		switch number {
		case 1:
			r.tag = string(b)
		case 2:
			r.scalar = math.Float32frombits(uint32(v))
		case 5:
			r.histo = b
		case 9:
			fields(t, b, func(_ protowire.Number, _ uint64, b []byte) {
				fields(t, b, func(number protowire.Number, _ uint64, b []byte) {
					if number == 1 {
						r.plugin = string(b)
					} else {
						r.content = b
					}
				})
			})
		}
	})
	return r
}

// fields reads a message.
func fields(t *testing.T, data []byte, take func(protowire.Number, uint64, []byte)) {
	t.Helper()
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		data = data[n:]
		var v uint64
		var b []byte
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var v32 uint32
			v32, n = protowire.ConsumeFixed32(data)
			v = uint64(v32)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(data)
		default:
			b, n = protowire.ConsumeBytes(data)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		take(number, v, b)
		data = data[n:]
	}
}

// text is an event file for people to compare: each tag with its first and last value.
func text(t *testing.T, file []byte) string {
	type series struct {
		n           int
		first, last string
	}
	all := map[string]*series{}
	var order []string
	for _, e := range events(t, file) {
		for _, v := range e.values {
			s := all[v.tag]
			if s == nil {
				s = &series{}
				all[v.tag], order = s, append(order, v.tag)
			}
			what := fmt.Sprintf("%.6g", v.scalar)
			switch {
			case v.plugin != "":
				what = fmt.Sprintf("%s, %d bytes", v.plugin, len(v.content))
			case v.histo != nil:
				what = "histogram of " + moments(t, v.histo)
			}
			s.n++
			s.last = fmt.Sprintf("%s at step %d, %.3f", what, e.step, e.wall)
			if s.n == 1 {
				s.first = s.last
			}
		}
	}
	var b strings.Builder
	for _, tag := range order {
		if s := all[tag]; s.n == 1 {
			fmt.Fprintf(&b, "%s: %s\n", tag, s.first)
		} else {
			fmt.Fprintf(&b, "%s: %d from %s to %s\n", tag, s.n, s.first, s.last)
		}
	}
	return b.String()
}

// moments are those of a HistogramProto, which its buckets have to add up to.
func moments(t *testing.T, histo []byte) string {
	var m [8]float64
	var limits, counts []float64
	fields(t, histo, func(number protowire.Number, v uint64, b []byte) {
		switch number {
		case 6, 7:
			for ; len(b) > 0; b = b[8:] {
				v := math.Float64frombits(binary.LittleEndian.Uint64(b))
				if number == 6 {
					limits = append(limits, v)
				} else {
					counts = append(counts, v)
				}
			}
		default:
			m[number] = math.Float64frombits(v)
		}
	})
	sum := 0.0
	for _, c := range counts {
		sum += c
	}
	if sum != m[3] || len(limits) != len(counts) || !slices.IsSorted(limits) || len(slices.Compact(slices.Clone(limits))) != len(limits) {
		t.Errorf("%d buckets of %v in all, want %v: %v", len(counts), sum, m[3], limits)
	}
	if m[1] < limits[0]-1e-9 && limits[0] > m[1] || m[2] > limits[len(limits)-1]+1e-9 {
		t.Errorf("values from %v to %v in buckets from %v to %v", m[1], m[2], limits[0], limits[len(limits)-1])
	}
	return fmt.Sprintf("%.0f from %.4g to %.4g, mean %.4g", m[3], m[1], m[2], m[4]/m[3])
}

func TestGolden(t *testing.T) {
	invalid := recordtest.Judged()["invalid"]
	for name, p := range map[string]recordtest.Plan{"compare": recordtest.Compare(), "invalid": invalid, "ab": recordtest.ABTest(), "retrained": recordtest.Retrained()} {
		files := formattest.Render(t, tensorboard.Format(), formattest.Analyse(t, p))
		var b strings.Builder
		for _, file := range sorted(files) {
			fmt.Fprintf(&b, "%s\n%s\n", file, text(t, files[file]))
		}
		formattest.Golden(t, *update, name+".txt", []byte(b.String()))
	}
}

func sorted(files map[string][]byte) (names []string) {
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Figures are those of the table, as are the requests that the seconds add up to; an INVALID run
// has nothing but what became of its requests.
func TestFigures(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Compare())
	files := formattest.Render(t, tensorboard.Format(), a)
	if len(files) != len(a.Rows) || len(a.Rows) != 2 {
		t.Fatalf("%d files of %d rows", len(files), len(a.Rows))
	}
	for i, name := range []string{"container", "physical"} {
		row := a.Rows[1-i]
		got, scheduled, n := map[string]float32{}, 0.0, 0.0
		for _, e := range events(t, files[sorted(files)[i]]) {
			for _, v := range e.values {
				switch {
				case strings.HasPrefix(v.tag, "figures/"):
					got[strings.TrimPrefix(v.tag, "figures/")] = v.scalar
				case v.tag == "load/scheduled_per_second":
					scheduled += float64(v.scalar)
				case v.histo != nil:
					fields(t, v.histo, func(number protowire.Number, v uint64, _ []byte) {
						if number == 3 {
							n += math.Float64frombits(v)
						}
					})
				}
			}
		}
		for _, f := range tracking.Figures(a, row) {
			if got[f.Name] != float32(f.Value) {
				t.Errorf("%s: %s is %v, want %v", name, f.Name, got[f.Name], f.Value)
			}
		}
		if math.Abs(scheduled-float64(row.Ledger.Scheduled)) > 1e-3*scheduled || n != float64(row.Ledger.OK) {
			t.Errorf("%s: the seconds have %v requests and the histograms %v, want %d and %d", name, scheduled, n, row.Ledger.Scheduled, row.Ledger.OK)
		}
	}
}

func TestInvalidRunsHaveNoFigures(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Judged()["invalid"])
	if a.Validity != record.Invalid {
		t.Fatal(a.Validity)
	}
	for name, file := range formattest.Render(t, tensorboard.Format(), a) {
		for _, e := range events(t, file) {
			for _, v := range e.values {
				if v.plugin == "" && !strings.HasPrefix(v.tag, "figures/requests.") {
					t.Errorf("%s: %s", name, v.tag)
				}
			}
		}
	}
}

// Names of targets and phases that are no folders' make some all the same, in the report's.
func TestHostileNames(t *testing.T) {
	p := recordtest.Hostile()
	a := formattest.Analyse(t, p)
	for _, target := range []string{"..", "a/b", "."} {
		a.Rows = []sample.Row{{Target: target, Phase: "x/../../y"}}
		for name := range formattest.Render(t, tensorboard.Format(), a) {
			parts := strings.Split(name, "/")
			if len(parts) != 4 || parts[0] != "tensorboard" || slices.Contains(parts, "..") || slices.Contains(parts, ".") {
				t.Errorf("%q: %s", target, name)
			}
		}
	}
}

// FuzzText: no text of a record breaks an event file.
func FuzzText(f *testing.F) {
	a := formattest.Analyse(f, recordtest.ColdStart())
	f.Add("reference server", "steady")
	f.Add("\xff\x00", "ä")
	f.Fuzz(func(t *testing.T, server, model string) {
		of := *a
		run := *a.Run
		run.Scenario.Server, run.Version = server, model
		set := *a.Set
		set.Run = &run
		of.Set = &set
		var b strings.Builder
		if err := tensorboard.Write(&b, &of, sample.Row{Target: "physical", Phase: "steady"}); err != nil {
			t.Fatal(err)
		}
		if len(events(t, []byte(b.String()))) < 2 {
			t.Error("nothing was written")
		}
	})
}
