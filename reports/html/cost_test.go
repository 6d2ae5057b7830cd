package html_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"servebench/reports/analysis/cost"
	"servebench/reports/document"
	"servebench/reports/figures/budget"
	"servebench/reports/formattest"
	"servebench/reports/html"
	"servebench/reports/prices"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func costPage(t *testing.T) string {
	t.Helper()
	c := formattest.Costs(t)
	var page bytes.Buffer
	if err := html.WriteDocument(&page, document.Costs(c), budget.Costs(c)); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestCostPage(t *testing.T) {
	page := costPage(t)
	formattest.Golden(t, *update, "cost.golden", []byte(words(page)))
	if odd := regexp.MustCompile(`(?i)\b(nan|[+-]inf)\b`).FindString(page); odd != "" {
		t.Errorf("the page has a figure that is %s", odd)
	}
}

// TestCostPageWithoutCosts has no figure where nothing can be drawn.
func TestCostPageWithoutCosts(t *testing.T) {
	c := formattest.Costs(t)
	for i := range c.Measured {
		c.Measured[i].Rate = 0
	}
	c = cost.New(c.Measured, nil, c.Traffic, c.Options, prices.Builtin(), c.Now)
	var page bytes.Buffer
	if err := html.WriteDocument(&page, document.Costs(c), budget.Costs(c)); err != nil {
		t.Fatal(err)
	}
	inOrder(t, words(page.String()), "NO COST", "No place can serve this traffic", "No rate is certified for this target", "What was measured")
	if strings.Contains(page.String(), "<figure") {
		t.Error("the page has a figure of costs that there are not")
	}
}

func advicePage(t *testing.T) string {
	t.Helper()
	a := formattest.Advice(t)
	var page bytes.Buffer
	if err := html.WriteDocument(&page, document.Advice(a), budget.Advice(a)); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestAdvicePage(t *testing.T) {
	page := advicePage(t)
	formattest.Golden(t, *update, "advice.golden", []byte(words(page)))
	if odd := regexp.MustCompile(`(?i)\b(nan|[+-]inf)\b`).FindString(page); odd != "" {
		t.Errorf("the page has a figure that is %s", odd)
	}
}

// TestCostPagesInABrowser opens them on a screen and on a phone.
func TestCostPagesInABrowser(t *testing.T) {
	inABrowser(t, "cost.html", costPage(t), 2)
	inABrowser(t, "advice.html", advicePage(t), 3)
}

func inABrowser(t *testing.T, name, page string, figures int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx := browser(t)
	for _, width := range []int64{1280, 390} {
		t.Run(fmt.Sprint(name, " ", width), func(t *testing.T) {
			var overflow, drawn int
			err := chromedp.Run(ctx,
				emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500),
				chromedp.Navigate("file://"+file),
				chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow),
				chromedp.Evaluate(`document.querySelectorAll("figure svg[role=img]").length`, &drawn))
			if err != nil {
				t.Fatal(err)
			}
			if overflow > 0 || drawn != figures {
				t.Errorf("%d pixels wider than the window, %d figures; want %d", overflow, drawn, figures)
			}
		})
	}
}
