package jsonreport_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// at walks into a decoded document: keys of objects and indices of lists.
func at(t *testing.T, doc any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object, is := doc.(map[string]any)
			if !is {
				t.Fatalf("%v: no object at %q", path, key)
			}
			if _, has := object[key]; !has {
				t.Fatalf("%v: no key %q", path, key)
			}
			doc = object[key]
		case int:
			list, is := doc.([]any)
			if !is || key >= len(list) {
				t.Fatalf("%v: no item %d", path, key)
			}
			doc = list[key]
		}
	}
	return doc
}

func TestSteps(t *testing.T) {
	doc := decode(t, write(t, recordtest.Stress()))
	if says := at(t, doc, "steps", 1, "says"); !strings.HasPrefix(says.(string), "held 400/s, broke at 600/s") {
		t.Errorf("says %q", says)
	}
	if held, rps := at(t, doc, "steps", 1, "breaks", 0, "held_rps"), at(t, doc, "steps", 1, "breaks", 0, "rps"); held.(float64) < 400 || rps.(float64) < 600 {
		t.Errorf("held %v, broke at %v", held, rps)
	}
	if rate := at(t, doc, "steps", 0, "steps", 3, "rps"); rate != 800.0 {
		t.Errorf("the last step is %v/s", rate)
	}
	if why := at(t, doc, "targets", 1, "aborted", 0, "why"); !strings.Contains(why.(string), "took longer") {
		t.Errorf("aborted because of %q", why)
	}
}

func TestSaturation(t *testing.T) {
	doc := decode(t, write(t, recordtest.Saturate()))
	if concurrency, fewest := at(t, doc, "saturation", 0, "concurrency"), at(t, doc, "saturation", 0, "lowest_concurrency"); concurrency != 8.0 || fewest != 4.0 {
		t.Errorf("concurrency %v, lowest %v", concurrency, fewest)
	}
	if loop, concurrency, offered := at(t, doc, "targets", 0, "loop"), at(t, doc, "targets", 0, "concurrency"), at(t, doc, "targets", 0, "offered_rps"); loop != "closed" || concurrency != 1.0 || offered != nil {
		t.Errorf("%v loop of concurrency %v, offered %v", loop, concurrency, offered)
	}
}

func TestFloorAndAttainment(t *testing.T) {
	doc := decode(t, write(t, recordtest.Calibrated()))
	if p50 := at(t, doc, "targets", 0, "floor", "p50").(float64); p50 < 0.07 || p50 > 0.09 {
		t.Errorf("floor p50 %v ms, want between those at 1,000/s and 10,000/s", p50)
	}
	if when := at(t, doc, "targets", 0, "floor", "calibrated"); when != "2026-11-21T09:00:00Z" {
		t.Errorf("calibrated %v", when)
	}
	if share := at(t, doc, "targets", 1, "attainment", "value").(float64); share < 0.99 || share >= 1 {
		t.Errorf("attainment %v, want failures counted as too late", share)
	}
	if floor := at(t, decode(t, write(t, recordtest.Compare())), "targets", 0, "floor"); floor != nil {
		t.Errorf("floor %v without calibration", floor)
	}
}

func TestClasses(t *testing.T) {
	doc := decode(t, write(t, recordtest.Mixed()))
	if name, ok := at(t, doc, "targets", 0, "classes", 1, "class"), at(t, doc, "targets", 0, "classes", 1, "ok"); name != "big" || ok.(float64) < 1000 {
		t.Errorf("class %v with %v answers", name, ok)
	}
	if p99 := at(t, doc, "targets", 0, "classes", 0, "response_ms", "p99"); p99 == nil {
		t.Error("the class has no p99")
	}
}

// What was not played after an abort is listed.
func TestLeftOut(t *testing.T) {
	p := recordtest.Stress()
	p.Phases = append(p.Phases, record.Phase{Name: "after", Model: "credit", Arrivals: "poisson", Rate: 10, Duration: time.Second, Measured: true, Open: true})
	run := recordtest.Open(t, p)
	run.Cells = slices.DeleteFunc(run.Cells, func(c record.Cell) bool { return c.Target == "container" && c.Phase == "after" })
	doc := decode(t, written(t, run))
	if phase, ended := at(t, doc, "left_out", 0, "phase"), at(t, doc, "left_out", 0, "ended_phase"); phase != "after" || ended != "stress" {
		t.Errorf("%v left out, after the end of %v", phase, ended)
	}
}

// A run that was refused is INVALID, with its reason.
func TestRefused(t *testing.T) {
	doc := decode(t, write(t, recordtest.Refused()))
	if v, rule, action := at(t, doc, "validity"), at(t, doc, "reason", "rule"), at(t, doc, "reason", "action"); v != "INVALID" || rule != "descriptors" || action != "raise the limit: ulimit -n 532" {
		t.Errorf("%v because of %v: %v", v, rule, action)
	}
	if reason := at(t, decode(t, write(t, recordtest.Compare())), "reason"); reason != nil {
		t.Errorf("a VALID run has the reason %v", reason)
	}
}
