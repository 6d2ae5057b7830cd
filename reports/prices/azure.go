package prices

import (
	"fmt"
	"strconv"
	"strings"
)

// azureEntry is an item of Azure's Retail Prices.
type azureEntry struct {
	Currency    string  `json:"currencyCode"`
	From        float64 `json:"tierMinimumUnits"`
	Retail      float64 `json:"retailPrice"`
	Region      string  `json:"armRegionName"`
	Since       string  `json:"effectiveStartDate"`
	MeterID     string  `json:"meterId"`
	Meter       string  `json:"meterName"`
	Product     string  `json:"productName"`
	SKU         string  `json:"skuName"`
	MachineType string  `json:"armSkuName"`
	Service     string  `json:"serviceName"`
	Measure     string  `json:"unitOfMeasure"`
	Type        string  `json:"type"`
}

// azureItem reads an item of a page.
func (l *lister) azureItem() error {
	var e azureEntry
	if err := l.value(&e); err != nil {
		return err
	}
	first := e.MeterID
	if first == "" {
		first = e.Meter
	}
	service, item, unit := e.item()
	many, of := measure(e.Measure)
	switch {
	case service == "":
		l.skipped(notUsed, first)
	case e.Type != "" && e.Type != "Consumption":
		l.skipped("a reservation or a price for developers, not one on demand", first)
	case e.Currency != "USD":
		l.skipped("not in US dollars, which currencyCode=USD in the URL gives", first)
	case many == 0 || !azureUnit(unit, of):
		l.skipped(fmt.Sprintf("priced by %.40q, not by the %s", e.Measure, unit), first)
	case e.Region == "":
		l.skipped(notRegional, first)
	default:
		p := Price{
			Provider: "azure", Region: e.Region, Service: service, Item: item, Unit: unit, From: e.From * many, USD: rounded(e.Retail / many),
			Date: l.list.Date, Source: "Azure Retail Prices, meter " + e.MeterID,
		}
		if since := day(e.Since); since != "" {
			p.Note = fmt.Sprintf("in effect since %s", since)
		}
		return l.take(p, first)
	}
	return nil
}

// item is what an item is in a table; "" where it is nothing that a cost is worked out
// from.
func (e azureEntry) item() (service, item, unit string) {
	switch e.Service {
	case "Virtual Machines":
		other := strings.Contains(e.SKU, "Spot") || strings.Contains(e.SKU, "Low Priority") ||
			strings.Contains(e.Product, "Windows") || strings.Contains(e.Product, "Dedicated Host") || strings.Contains(e.Product, "CloudServices")
		if !other && e.MachineType != "" {
			return "vm", e.MachineType, "hour"
		}
	case "Azure Container Apps":
		switch e.Meter {
		case "Standard vCPU Active Usage":
			return "container-apps", "consumption vCPU active", "vCPU-second"
		case "Standard vCPU Idle Usage":
			return "container-apps", "consumption vCPU idle", "vCPU-second"
		case "Standard Memory Active Usage":
			return "container-apps", "consumption memory active", "GiB-second"
		case "Standard Memory Idle Usage":
			return "container-apps", "consumption memory idle", "GiB-second"
		case "Standard Requests":
			return "container-apps", "requests", "request"
		}
	case "Bandwidth":
		if e.Meter == "Standard Data Transfer Out" && !strings.Contains(e.Product, "Routing Preference") {
			return "transfer", "egress internet", "GB"
		}
	case "Azure Kubernetes Service":
		if e.Meter == "Standard Uptime SLA" {
			return "aks", "control plane", "hour"
		}
	}
	return "", "", ""
}

// measure reads what a price is for, such as "1 Hour", "100 GB Seconds", "10K" or "1M": how
// many of what.
func measure(text string) (many float64, of string) {
	amount, of, _ := strings.Cut(text, " ")
	for suffix, times := range map[string]float64{"K": 1e3, "M": 1e6} {
		if digits, ok := strings.CutSuffix(amount, suffix); ok && of == "" {
			many, _ := strconv.ParseFloat(digits, 64)
			return positive(many * times), ""
		}
	}
	many, _ = strconv.ParseFloat(amount, 64)
	return positive(many), strings.ToLower(strings.TrimSuffix(of, "s"))
}

// rounded leaves out the digits of a division: a price has fewer.
func rounded(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
	return v
}

// positive is v where it is a usable count, else 0.
func positive(v float64) float64 {
	if v > 0 && v < mostUnits {
		return v
	}
	return 0
}

// azureUnit reports whether a unit is what a price is for.
func azureUnit(unit, of string) bool {
	switch unit {
	case "hour", "GB":
		return of == strings.ToLower(unit)
	case "vCPU-second":
		return of == "second" || of == "vcpu second"
	case "GiB-second":
		return of == "gib second" || of == "gb second" || of == "second"
	case "request":
		return of == "" || of == "request"
	}
	return false
}
