package generators_test

import (
	"math"
	"strings"
	"testing"

	"servebench/generators"
)

var params = []generators.Param{
	{Name: "count", Default: 3, Min: 1, Max: 10, Integer: true},
	{Name: "share", Default: 0.5, Min: 0, Max: 1},
}

func TestResolveFillsDefaults(t *testing.T) {
	got, err := generators.Resolve(params, map[string]float64{"share": 0.25})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["count"] != 3 || got["share"] != 0.25 {
		t.Errorf("got %v, want count 3 and share 0.25", got)
	}
}

func TestResolveNamesEveryFault(t *testing.T) {
	for _, test := range []struct {
		name  string
		given map[string]float64
		want  []string
	}{
		{"range", map[string]float64{"count": 11}, []string{"parameter count: 11 is outside 1 to 10"}},
		{"NaN", map[string]float64{"share": math.NaN()}, []string{"parameter share: NaN is outside 0 to 1"}},
		{"fraction", map[string]float64{"count": 2.5}, []string{"parameter count: 2.5 is not a whole number"}},
		{"several", map[string]float64{"count": 0, "zeta": 1, "alpha": 2}, []string{
			"parameter count: 0 is outside 1 to 10",
			`parameter "alpha" is unknown, want one of count, share`,
			`parameter "zeta" is unknown, want one of count, share`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := generators.Resolve(params, test.given)
			if err == nil {
				t.Fatal("no error")
			}
			if want := strings.Join(test.want, "\n"); err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}
