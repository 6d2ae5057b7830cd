package prices

import (
	"fmt"
	"strconv"
)

// Hardware is a machine of one's own. Money is in the currency of its file.
type Hardware struct {
	// What the machine is called, such as lab-box.
	Name string `key:"name,required" format:"word" want:"what the machine is called, such as lab-box"`
	// Where it stands; - where that does not matter.
	Region string `key:"region" default:"-" format:"word" want:"where it stands, such as office"`
	// What it costs to buy.
	Purchase float64 `key:"purchase,required" min:"0" max:"1e9"`
	// How many years it is used.
	Years float64 `key:"years,required" min:"0.1" max:"30"`
	// The power that it draws on average, in watts.
	Watts float64 `key:"watts,required" min:"0" max:"1e6"`
	// Power usage effectiveness: what the room draws for each watt of the machine, cooling
	// included.
	PUE float64 `key:"pue" default:"1" min:"1" max:"5"`
	// What a kilowatt-hour costs.
	KWh float64 `key:"kwh,required" min:"0" max:"1000"`
	// What its place in a rack, its network and its address cost a month.
	RackMonth float64 `key:"rack_month" default:"0" min:"0" max:"1e6"`
	// Hours a month that people work on it.
	AdminHoursMonth float64 `key:"admin_hours_month" default:"0" min:"0" max:"730"`
	// What such an hour costs.
	AdminHour float64 `key:"admin_hour" default:"0" min:"0" max:"1e4"`
	// Its CPUs, as the system counts them.
	VCPU float64 `key:"vcpu,required" min:"0.01" max:"1e5"`
	// Its memory in GiB.
	MemoryGiB float64 `key:"memory_gib,required" min:"0.01" max:"1e6"`
	// Its accelerators, such as 1x L4 24GB.
	Accelerator string `key:"accelerator" absent:"none"`
	// The share of the machine, and of what it costs, that is for this. The rest is used for
	// something else.
	Share float64 `key:"share" default:"100%" format:"fraction"`
	// When these figures were read, such as 2026-07-20.
	Date Date `key:"date" absent:"that of the file"`
	// Where these figures are from.
	Source string `key:"source" absent:"that of the file"`
}

// Price is the row of the machine, by the month: its share of what the machine costs, and
// of its CPUs and memory. Its note is the formula with its numbers. currency is that of the
// figures, and rate how many US dollars one of it is.
func (h Hardware) Price(currency string, rate float64) Price {
	const monthsPerYear, wattsPerKilowatt = 12, 1000
	purchase := h.Purchase / (h.Years * monthsPerYear)
	power := h.Watts / wattsPerKilowatt * HoursPerMonth * h.PUE * h.KWh
	people := h.AdminHoursMonth * h.AdminHour
	whole := purchase + power + h.RackMonth + people
	note := fmt.Sprintf("%s a month: purchase %s / (%s years x 12) = %s; power %s W x %d h x PUE %s x %s/kWh = %s; rack %s; people %s h x %s = %s; in all %s",
		currency, number(h.Purchase), number(h.Years), cents(purchase), number(h.Watts), HoursPerMonth, number(h.PUE), number(h.KWh), cents(power),
		cents(h.RackMonth), number(h.AdminHoursMonth), number(h.AdminHour), cents(people), cents(whole))
	if h.Share != 1 {
		note += fmt.Sprintf("; share %s %% of the cost, of %s CPUs and of %s GiB", number(100*h.Share), number(h.VCPU), number(h.MemoryGiB))
	}
	if rate != 1 {
		note += fmt.Sprintf("; %s USD/%s", number(rate), currency)
	}
	return Price{
		Provider: OwnProvider, Region: h.Region, Service: "hardware", Item: h.Name, Unit: "month",
		USD: whole * h.Share * rate, Date: h.Date, Source: h.Source,
		VCPU: h.VCPU * h.Share, MemoryGiB: h.MemoryGiB * h.Share, Accelerator: h.Accelerator, Note: note,
	}
}

// OwnProvider is the provider of hardware of one's own.
const OwnProvider = "own"

// number is a figure that a user gave.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 12, 64) }

// cents is money that was worked out.
func cents(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
