package html_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record/recordtest"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestInABrowser opens the page as a reader does: from disk, without a network,
// on a screen and on a phone, in light and dark.
func TestInABrowser(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(render(t, compare(t, 4, 3))), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx := browser(t)
	const white, night = "rgb(255, 255, 255)", "rgb(15, 20, 25)"
	for _, view := range []struct {
		media, scheme, background string
		width                     int64
	}{
		{"screen", "light", white, 1280}, {"screen", "dark", night, 1280},
		{"screen", "light", white, 390}, {"screen", "dark", night, 390},
		{"print", "dark", white, 1280},
	} {
		t.Run(fmt.Sprintf("%s on a %s of %d", view.scheme, view.media, view.width), func(t *testing.T) {
			var seen struct {
				Overflow, Figures, Images, Badges int
				Background, Ink, Axis             string
			}
			err := chromedp.Run(ctx,
				emulation.SetEmulatedMedia().WithMedia(view.media).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: view.scheme}}),
				emulation.SetDeviceMetricsOverride(view.width, 900, 1, view.width < 500),
				chromedp.Navigate("file://"+file),
				chromedp.Evaluate(look, &seen))
			if err != nil {
				t.Fatal(err)
			}
			if seen.Overflow > 0 {
				t.Errorf("the page is %d pixels wider than the window", seen.Overflow)
			}
			if view.width < 500 && seen.Badges != 1 {
				t.Errorf("the verdicts of the targets end in %d columns, want one", seen.Badges)
			}
			if seen.Background != view.background {
				t.Errorf("background %s, want %s", seen.Background, view.background)
			}
			if seen.Figures != 7 || seen.Images == 0 {
				t.Errorf("%d figures with %d rasters, want 7 with some", seen.Figures, seen.Images)
			}
			if seen.Axis != seen.Ink {
				t.Errorf("labels are %s where the page's secondary text is %s: the palette did not reach the figures", seen.Axis, seen.Ink)
			}
		})
	}
}

// TestOnAPhone opens pages with wide tables and figures, long names among them: these scroll in
// boxes of their own, and the page does not. No column of words is squeezed to letters.
func TestOnAPhone(t *testing.T) {
	long := recordtest.Failover()
	long.Name, long.Targets[0].Name = strings.Repeat("scenario", 12), "container@"+strings.Repeat("verylongname", 5)
	long.Phases[len(long.Phases)-1].Name = strings.Repeat("phase", 15)
	ctx := browser(t)
	for name, p := range map[string]recordtest.Plan{"failover": recordtest.Failover(), "capacity": recordtest.Search(), "long names": long} {
		file := filepath.Join(t.TempDir(), "report.html")
		if err := os.WriteFile(file, []byte(render(t, analyse(t, p))), 0o644); err != nil {
			t.Fatal(err)
		}
		var overflow, scrolling int
		var squeezed []string
		err := chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(390, 900, 1, true), chromedp.Navigate("file://"+file),
			chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow),
			chromedp.Evaluate(`[...document.querySelectorAll(".scroll")].filter(e => e.scrollWidth > e.clientWidth).length`, &scrolling),
			chromedp.Evaluate(`[...document.querySelectorAll(".words tbody th, td code")].filter(e => e.clientWidth > 0 && e.clientWidth < 100).map(e => e.textContent)`, &squeezed))
		if err != nil {
			t.Fatal(err)
		}
		if overflow > 0 || scrolling == 0 {
			t.Errorf("%s: the page is %d pixels wider than the window; %d boxes scroll, want some", name, overflow, scrolling)
		}
		if len(squeezed) > 0 {
			t.Errorf("%s: cells of a few letters' width: %q", name, squeezed)
		}
	}
}

// look measures the page. It runs in the debugger's world, which the page's
// policy does not bind.
const look = `(() => {
	const css = (e, name) => getComputedStyle(e)[name];
	const root = document.documentElement;
	return {
		Overflow: root.scrollWidth - root.clientWidth,
		Background: css(document.body, "backgroundColor"),
		Figures: document.querySelectorAll("figure svg[role=img]").length,
		Badges: new Set([...document.querySelectorAll(".targets .badge, .absent .badge")].map(e => Math.round(e.getBoundingClientRect().right))).size,
		Images: document.querySelectorAll("svg image").length,
		Ink: css(document.querySelector(".about"), "color"),
		Axis: css([...document.querySelectorAll("#figure-ecdf text")].find(e => e.textContent == "response time, ms"), "fill"),
	};
})()`

// browser starts a headless Chromium without a network and fails the test on
// whatever it complains about.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := chromium()
	if program == "" {
		t.Skip("needs a Chromium: none of chromium, chromium-browser, google-chrome, chrome is in PATH; apt-get install -y chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.WSURLReadTimeout(time.Minute))
	allocator, stopBrowser := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, stopTab := chromedp.NewContext(allocator)
	ctx, stopTime := context.WithTimeout(ctx, 3*time.Minute)
	complaints := listen(ctx)
	t.Cleanup(func() {
		for _, c := range complaints() {
			t.Error("the browser complains: " + c)
		}
		stopTime()
		stopTab()
		stopBrowser()
	})
	if err := chromedp.Run(ctx, log.Enable(), runtime.Enable(), network.Enable(),
		network.EmulateNetworkConditions(true, 0, -1, -1)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// listen collects console messages, exceptions, violations of the policy and
// attempts to load anything but the page itself.
func listen(ctx context.Context) func() []string {
	var mu sync.Mutex
	var all []string
	add := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, s)
	}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			add(fmt.Sprintf("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text))
		case *runtime.EventExceptionThrown:
			add("exception: " + e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			add("console: " + e.Type.String())
		case *network.EventRequestWillBeSent:
			if url := e.Request.URL; e.Type != network.ResourceTypeDocument && len(url) > 5 && url[:5] != "data:" {
				add("loads " + url)
			}
		}
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}
