package jsonreport_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"servebench/reports/formattest"
	jsonreport "servebench/reports/json"
)

// TestNoInterval: an end of an interval that was not measured is null, and no figure.
func TestNoInterval(t *testing.T) {
	var got bytes.Buffer
	if err := jsonreport.WriteCosts(&got, formattest.Costs(t)); err != nil {
		t.Fatal(err)
	}
	type interval struct{ Value, Low, High *float64 }
	var costs struct {
		Estimates []struct {
			Target string
			Month  *interval `json:"usd_month"`
		}
		Measured []struct {
			Target string
			Billed *struct {
				Compute interval `json:"gb_seconds"`
			}
		}
	}
	if err := json.Unmarshal(got.Bytes(), &costs); err != nil {
		t.Fatal(err)
	}
	unknown, known := 0, 0
	for _, e := range costs.Estimates {
		switch i := e.Month; {
		case i == nil: // it cannot serve
		case e.Target == "lambda" && i.Value != nil && i.Low == nil && i.High == nil:
			unknown++
		case e.Target != "lambda" && i.Value != nil && i.Low != nil && i.High != nil:
			known++
		default:
			t.Errorf("%s: %+v", e.Target, i)
		}
	}
	if unknown == 0 || known == 0 {
		t.Errorf("%d costs without an interval, %d with one; want some of each", unknown, known)
	}
	for _, m := range costs.Measured {
		if m.Billed != nil && (m.Billed.Compute.Value == nil || m.Billed.Compute.Low != nil || m.Billed.Compute.High != nil) {
			t.Errorf("billed %+v; want no interval", m.Billed)
		}
	}
}
