package jsonreport_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"servebench/reports/document"
	"servebench/reports/document/element"
	"servebench/reports/formattest"
	jsonreport "servebench/reports/json"
	"servebench/reports/record/recordtest"
)

// TestStepWithAnError: where no error may be, a step with one holds the SLO neither in the text
// nor in JSON, as in the decision.
func TestStepWithAnError(t *testing.T) {
	p := recordtest.Search()
	p.Targets = p.Targets[:1]
	p.SLO.Errors, p.Targets[0].Errors = new(0.0), []recordtest.Error{{Class: "status 500", Share: 0.004}}
	a := formattest.Analyse(t, p)
	var written bytes.Buffer
	if err := jsonreport.Write(&written, a); err != nil {
		t.Fatal(err)
	}
	steps := at(t, decode(t, written.Bytes()), "capacity", 0, "steps").([]any)
	sections := document.New(a).Sections
	i := slices.IndexFunc(sections, func(s element.Section) bool { return s.ID == "capacity-steps" })
	column := map[string]int{}
	for k, c := range sections[i].Table.Columns {
		column[c.Title] = k
	}
	broken := 0
	for k, row := range sections[i].Table.Rows {
		failed := a.Capacity[0].Steps[k].Ledger.Failed > 0
		if !failed {
			continue
		}
		broken++
		if over := row.Cells[column["over limit"]].Text; !strings.HasSuffix(over, " of 0 %") {
			t.Errorf("step %d: over limit %q", k, over)
		}
		if held := row.Cells[column["held"]].Text; !strings.HasPrefix(held, "no") {
			t.Errorf("step %d: held %q", k, held)
		}
		if held := steps[k].(map[string]any)["held"]; held != false {
			t.Errorf("step %d: held %v in JSON", k, held)
		}
	}
	if broken == 0 || a.Capacity[0].Certified > 0 || a.Capacity[0].Breaks == 0 {
		t.Errorf("%d steps with errors: %+v", broken, a.Capacity[0].Result)
	}
}
