package pid1

import (
	"errors"
	"fmt"
	"net"
	"time"

	"servebench/targets/vm/guest"

	"github.com/vishvananda/netlink"
)

// deviceWait bounds the wait for the network device, which a driver may find a
// moment after it was loaded.
const deviceWait = 2 * time.Second

// connect brings up the loopback device and the network device with the address
// that QEMU forwards to.
func connect() error {
	loopback, device, err := devices()
	for deadline := time.Now().Add(deviceWait); err == nil && device == nil && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
		loopback, device, err = devices()
	}
	switch {
	case err != nil:
		return fmt.Errorf("list the network devices: %w", err)
	case loopback == nil:
		return errors.New("set up the network: the kernel has no loopback device")
	case device == nil:
		return errors.New("set up the network: the kernel found no network device; it needs the drivers virtio_pci and virtio_net, built in or as modules beside it")
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("bring up the loopback device: %w", err)
	}
	if err := address(device); err != nil {
		return fmt.Errorf("set up the network device %s: %w", device.Attrs().Name, err)
	}
	return nil
}

// devices returns the loopback device and the first other one; nil: none.
func devices() (loopback, device netlink.Link, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, nil, err
	}
	for _, link := range links {
		switch {
		case link.Attrs().Flags&net.FlagLoopback != 0:
			loopback = link
		case device == nil && link.Type() == "device":
			device = link
		}
	}
	return loopback, device, nil
}

// address gives the device the guest's address and makes it the way to
// everywhere else.
func address(device netlink.Link) error {
	own, err := netlink.ParseAddr(guest.Address)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(device, own); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(device); err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: device.Attrs().Index, Gw: net.ParseIP(guest.Gateway)})
}
