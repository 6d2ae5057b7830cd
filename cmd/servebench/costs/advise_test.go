package costs

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"servebench/cmd/cli"
)

// TestAdviceIsRecomputed puts the break-evens, the flips and the ends of the tornado's bars back
// into an independent model.
func TestAdviceIsRecomputed(t *testing.T) {
	r := newRecomputed(t)
	check := func(traffic, places, advice string) (int, error) {
		var answer struct {
			Sentence string          `json:"sentence"`
			Costs    json.RawMessage `json:"costs"`
		}
		if err := json.Unmarshal([]byte(advice), &answer); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(answer.Sentence, "At ") {
			t.Errorf("%s: %q", traffic, answer.Sentence)
		}
		return r.check(t, "advice.py", traffic, places, r.file(t, "costs.json", string(answer.Costs)), r.file(t, "advice.json", advice))
	}
	for _, c := range []struct {
		traffic, places string
		code            int
		options         []string
	}{
		{"daily:50/s,peak=3x", usual, 0, nil},
		{"daily:700/s,peak=1.4x", "aws/us-east-1/fargate/x86_64,aws/us-east-1/ec2/c7i.large,aws/us-east-1/lambda/x86_64,gcp/us-central1/cloud-run/request-based", 0,
			[]string{"--redundancy", "2", "--headroom", "0.45"}},
		{"spiky:40/s,peak=100x,minutes=7", usual, 0, []string{"--answer-bytes", "40000"}},
		{"constant:3/h", usual, 0, nil},
		{"constant:90000/s", "aws/us-east-1/lambda/x86_64", cli.Inconclusive, nil}, // more environments than an account has
	} {
		advice := r.answer(t, c.code, "advise", c.traffic, c.places, c.options...)
		if n, err := check(c.traffic, c.places, advice); err != nil {
			t.Errorf("%s %s: %v", c.traffic, strings.Join(c.options, " "), err)
		} else if n < 100 {
			t.Errorf("%s: only %d figures were compared", c.traffic, n)
		}
	}
	// A break-even that is off is found.
	const asked = "daily:50/s,peak=3x"
	var answer map[string]any
	if err := json.Unmarshal([]byte(r.answer(t, 0, "advise", asked, usual)), &answer); err != nil {
		t.Fatal(err)
	}
	even := answer["break_evens"].([]any)[0].(map[string]any)
	even["to_rps"] = even["to_rps"].(float64) / 1.3
	wrong, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check(asked, usual, string(wrong)); err == nil || !strings.Contains(err.Error(), "break-even") {
		t.Errorf("a wrong break-even is not found: %v", err)
	}
}

// TestAdviseCommand advises on a recorded run: as text, as files in a folder that it makes, with
// hardware of one's own, and where no place can serve.
func TestAdviseCommand(t *testing.T) {
	dir, folder := sizedRun(t), filepath.Join(t.TempDir(), "new", "page")
	const aws, own = "aws/us-east-1/ec2/c7i.large", "own/-/hardware/lab-box"
	text := output(t, 0, "advise", dir, "--traffic", "daily:50/s,peak=3x", "--place", aws+",aws/us-east-1/lambda/x86_64", "-f", "html,json,markdown,png", "--out", folder)
	for _, want := range []string{
		"ADVICE Where to serve daily:50/s,peak=3x: at 50/s on average (4.32 million requests a day, peak",
		"\nBREAK-EVEN\n", "\nWHAT WOULD CHANGE THE ANSWER\n", "\nmean traffic: now 50/s; ", "\nWHAT THE COST DEPENDS ON\n", "\nWHAT A MOVE TAKES\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for name, want := range map[string]string{
		"advice.html": "What would change the answer", "advice.md": "What would change the answer", "advice.json": `"schema": "servebench.advice/v1"`,
		"advice-tornado.png": "PNG", "cost-traffic.png": "PNG",
	} {
		if content := readFile(t, filepath.Join(folder, name)); !strings.Contains(content, want) {
			t.Errorf("%s has no %q", name, want)
		}
	}
	mine := filepath.Join(t.TempDir(), "mine.yaml")
	writeFile(t, mine, "hardware: [{name: lab-box, date: 2026-11-01, source: invoice, purchase: 2400, years: 4, watts: 180, kwh: 0.28, vcpu: 16, memory_gib: 64, share: 25%}]\n")
	if text = output(t, 0, "advise", dir, "--traffic", "constant:200/s", "--prices", mine, "--place", own+","+aws, "-o", "json"); !strings.Contains(text, `"place": "`+own+`"`) {
		t.Errorf("no %s in %s", own, text)
	}
	text = output(t, cli.Inconclusive, "advise", dir, "--traffic", "constant:9e4/s", "--place", "aws/us-east-1/lambda/x86_64")
	if !strings.HasPrefix(text, "NO PLACE Where to serve constant:9e4/s: at 90,000/s (7.78 billion requests a day)") || !strings.Contains(text, "an account may have 1,000") {
		t.Error(text)
	}
}

// TestOwnHardwareStays: a machine of one's own that can serve is named beside the first place, drawn
// in both figures and compared, however dear it is. What has no known price is said in its row.
func TestOwnHardwareStays(t *testing.T) {
	dir, folder := sizedRun(t), t.TempDir()
	const box = "own/-/hardware/lab-box"
	mine := filepath.Join(t.TempDir(), "mine.yaml")
	writeFile(t, mine, "hardware: [{name: lab-box, date: 2026-11-01, source: invoice, purchase: 90000, years: 4, watts: 900, kwh: 0.28, vcpu: 16, memory_gib: 64}]\n")
	text := output(t, 0, "advise", dir, "--traffic", "daily:50/s,peak=3x", "--prices", mine, "--headroom", "40%", "-f", "html", "--out", folder)
	if !strings.Contains(strings.Join(strings.Fields(text), " "), "40 % of the capacity free (--headroom)") {
		t.Errorf("another headroom: %s", text)
	}
	headline, rest, _ := strings.Cut(strings.Join(strings.Fields(text), " "), " COST ")
	if !strings.Contains(headline, "on "+box+" $") {
		t.Errorf("%s is not named in %q", box, headline)
	}
	_, rest, _ = strings.Cut(rest, "BREAK-EVEN")
	if even, _, _ := strings.Cut(rest, "WHAT WOULD CHANGE"); !strings.Contains(even, box) {
		t.Errorf("%s is not compared: %q", box, even)
	}
	if _, raw, _ := strings.Cut(text, "\nPRICES"); !strings.Contains(raw, box) || strings.Contains(raw, "0000000000") {
		t.Errorf("digits of arithmetic in a price: %s", raw)
	}
	if n := strings.Count(readFile(t, filepath.Join(folder, "advice.html")), ": own hardware/lab-box</th>"); n != 2 {
		t.Errorf("it is in the tables of %d figures, want 2", n)
	}
	table, _, _ := strings.Cut(text, "\nBREAK-EVEN")
	row := table[strings.LastIndex(table, "hetzner/eu/vm/CCX13"):]
	if row, _, _ = strings.Cut(row, "\ncontainer "); !strings.HasSuffix(row, "\n    Without load balancer and egress: no price known.") {
		t.Errorf("the row of hetzner does not say what is missing: %q", row)
	}
}
