package decode

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// written returns a value of a kind as the encoder writes it.
func written(v any) *Node {
	switch v := v.(type) {
	case string:
		return &Node{Text: v, style: quoted}
	case int64:
		return &Node{Text: FormatNumber(float64(v)), style: number}
	default:
		return &Node{Text: FormatNumber(v.(float64)), style: number}
	}
}

// TestUnitsReadBack writes random values of each kind and reads the same ones.
func TestUnitsReadBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		d := time.Duration(math.Exp(rng.Float64()*math.Log(float64(MaxDuration)))) + 1
		if got, f := readDuration(written(FormatDuration(d)), false, "s"); f != nil || got != d {
			t.Fatalf("duration %d ns is written %q and read %d, %v", d, FormatDuration(d), got, f)
		}
		if d.Truncate(time.Minute) > 0 {
			d = d.Truncate(time.Minute)
			if got, f := readDuration(written(FormatDuration(d)), false, "s"); f != nil || got != d {
				t.Fatalf("duration %v is written %q and read %v, %v", d, FormatDuration(d), got, f)
			}
		}
		share := rng.Float64()
		switch rng.IntN(3) {
		case 0:
			share = math.Round(share*1000) / 1000
		case 1:
			share = math.Pow(share, 20)
		}
		if got, f := readFraction(written(FormatFraction(share))); f != nil || got != share {
			t.Fatalf("fraction %v is written %v and read %v, %v", share, FormatFraction(share), got, f)
		}
		v := (rng.Float64() - 0.5) * math.Pow(10, float64(rng.IntN(40)-20))
		if got, f := written(writePlain(reflect.ValueOf(v))).Number(); f != nil || got != v {
			t.Fatalf("number %v is written %v and read %v, %v", v, FormatNumber(v), got, f)
		}
	}
}

func TestFormats(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 90 * time.Second: "1m30s", 2 * time.Hour: "2h", time.Hour + time.Second: "1h0m1s",
		10 * time.Minute: "10m", 10 * time.Second: "10s", 20 * time.Hour: "20h", 250 * time.Millisecond: "250ms",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0%", 1: "100%", 0.001: "0.1%", 0.5: "50%", 0.12345: "12.345%", 1e-9: "0.0000001%", 0.07: "7%"} {
		if got := FormatFraction(v); got != want {
			t.Errorf("FormatFraction(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 200: "200", 0.5: "0.5", 1e6: "1000000", -3: "-3", 1e20: "1e+20"} {
		if got := FormatNumber(v); got != want {
			t.Errorf("FormatNumber(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestIsNumber(t *testing.T) {
	for text, want := range map[string]bool{
		"0": true, "-1": true, "10": true, "0.5": true, "1e3": true, "1.5E-3": true, "1e+2": true,
		"": false, "-": false, "+1": false, "01": false, "1.": false, ".5": false, "1e": false, "0x1": false,
		"1_000": false, "inf": false, "NaN": false, ".inf": false, "1 ": false, "--1": false, "1e1.5": false,
	} {
		if got := IsNumber(text); got != want {
			t.Errorf("IsNumber(%q) = %v, want %v", text, got, want)
		}
	}
}

// TestFractionsAreDecimal has 0.1% and 0.001 the same number, whatever digits.
func TestFractionsAreDecimal(t *testing.T) {
	for percent, plain := range map[string]string{"0.1%": "0.001", "99.9%": "0.999", "7%": "0.07", "33.3%": "0.333", "0%": "0", "100%": "1"} {
		a, f := readFraction(&Node{Text: percent})
		b, g := readFraction(&Node{Text: plain, style: number})
		if f != nil || g != nil || a != b {
			t.Errorf("%s is %v (%v), %s is %v (%v)", percent, a, f, plain, b, g)
		}
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"name", "rate", "duration", "physical", "p99", "p90"}
	for text, want := range map[string]string{
		"rat": "rate", "raet": "rate", "duratoin": "duration", "durration": "duration", "phsycal": "physical", "p95": "p99",
		"x": "", "targets": "", "": "", "durations-of-all": "",
	} {
		if want != "" {
			want = ` (did you mean "` + want + `"?)`
		}
		if got := Suggest(text, names); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", text, got, want)
		}
	}
}
