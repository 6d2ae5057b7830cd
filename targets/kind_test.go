package targets

import (
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	options := []Option{{Name: "engine", Default: "auto", Values: []string{"auto", "runc"}}, {Name: "image", Default: ""}}
	values, err := Resolve(options, map[string]string{"image": "x"})
	if err != nil || len(values) != 2 || values["engine"] != "auto" || values["image"] != "x" {
		t.Errorf("Resolve = %v, %v", values, err)
	}
	for name, c := range map[string]struct {
		options []Option
		set     map[string]string
		want    []string
	}{
		"unknown":     {options, map[string]string{"engin": "runc"}, []string{`"engin"`, "one of engine, image"}},
		"not allowed": {options, map[string]string{"engine": "lxc"}, []string{"engine", `"lxc"`, "one of auto, runc"}},
		"one option":  {options[:1], map[string]string{"x": ""}, []string{"want engine"}},
		"none":        {nil, map[string]string{"x": ""}, []string{"no options"}},
	} {
		_, err := Resolve(c.options, c.set)
		for _, word := range c.want {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not say %s", name, err, word)
			}
		}
	}
}
