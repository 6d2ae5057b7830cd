package repository

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/record/userfile"
)

// Settings say how a model is served. The zero value is its newest version alone.
type Settings struct {
	// Traffic has the weights of the versions side by side, by their numbers: each gets the
	// share of the requests that is its weight's share of their sum. One with weight 0 is
	// asked by its number alone. Without it the newest version gets all.
	Traffic map[string]float64 `json:"traffic"`
}

// ParseSettings reads settings in JSON. Its error names every fault.
func ParseSettings(text []byte) (Settings, error) {
	var s Settings
	if err := userfile.JSON(text, &s); err != nil {
		return Settings{}, err
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(new(Settings)); err != nil {
		return Settings{}, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if err := s.check(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

func (s Settings) check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	total := 0.0
	for _, name := range slices.Sorted(maps.Keys(s.Traffic)) {
		if _, ok := versionNumber(name); !ok {
			fault("traffic: %.40q is no version, want a number above 0", name)
		}
		if weight := s.Traffic[name]; weight < 0 {
			fault("traffic: version %.40q has the weight %g, want 0 or more", name, weight)
		}
		total += s.Traffic[name]
	}
	if s.Traffic != nil && !(total > 0 && !math.IsInf(total, 0)) {
		fault("traffic: the weights add up to %g, want a finite sum above 0", total)
	}
	return errors.Join(faults...)
}

// versions are the numbers to be served, ascending, and their weights.
func (s Settings) versions(newest int) (numbers []int, weights []float64) {
	if s.Traffic == nil {
		return []int{newest}, []float64{1}
	}
	for name := range s.Traffic {
		number, _ := versionNumber(name)
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		weights = append(weights, s.Traffic[strconv.Itoa(number)])
	}
	return numbers, weights
}
