package main

import (
	"testing"
)

func TestPercentFlag(t *testing.T) {
	var p percent
	if err := p.Set("12.5%"); err != nil || p != 0.125 || p.String() != "12.5%" {
		t.Errorf("12.5%% is %v (%v)", float64(p), err)
	}
	for _, text := range []string{"", "%", "20", "0%", "-5%", "101%", "NaN%", "many%"} {
		if err := p.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
