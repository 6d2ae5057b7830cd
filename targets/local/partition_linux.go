package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"

	"servebench/targets"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// onlyHere are the kinds of faults that other systems lack.
func onlyHere() []string { return []string{targets.NetworkPartition} }

// partition cuts the server off: whatever comes over the loopback interface from or for its
// port is dropped, so that connections neither come about nor end, and requests hang. The
// program that does it is attached by a descriptor of this process, and so it is detached
// whatever becomes of this process: no rule is left.
func (p Prey) partition() (targets.Injected, error) {
	heal, err := drop(nil, dropPort(p.Port), func(i net.Interface) bool { return i.Name == "lo" })
	return targets.Injected{Text: fmt.Sprintf("packets from and to port %d dropped", p.Port), Heal: heal}, err
}

// CutOff cuts a process off which is in a network apart from this machine's, such as a
// pod's: whatever comes over the interfaces of that network is dropped, as by partition.
func CutOff(pid int) (targets.Injected, error) {
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return targets.Injected{}, err
	}
	defer namespace.Close()
	own, err1 := os.Stat("/proc/self/ns/net")
	other, err2 := namespace.Stat()
	if err := errors.Join(err1, err2); err != nil || os.SameFile(own, other) {
		return targets.Injected{}, errors.Join(fmt.Errorf("process %d is in this machine's network", pid), err)
	}
	const shot = 2 // TCX_DROP
	all := asm.Instructions{asm.Mov.Imm(asm.R0, shot), asm.Return()}
	heal, err := drop(&Network{namespace}, all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback == 0 })
	return targets.Injected{Text: fmt.Sprintf("packets to and from the network of process %d dropped", pid), Heal: heal}, err
}

// drop has a program decide what becomes of packets that come over interfaces of a network,
// and of those that leave by them, until it is healed.
func drop(network *Network, instructions asm.Instructions, on func(net.Interface) bool) (heal func(context.Context) error, err error) {
	var attached []io.Closer
	undo := func() (err error) {
		for _, a := range slices.Backward(attached) {
			err = errors.Join(err, a.Close())
		}
		return err
	}
	err = network.Do(func() error {
		program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, Instructions: instructions, License: "GPL"})
		if err != nil {
			return err
		}
		attached = append(attached, program)
		all, err := net.Interfaces()
		for _, i := range all {
			if !on(i) || err != nil {
				continue
			}
			for _, way := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
				hook, err := link.AttachTCX(link.TCXOptions{Interface: i.Index, Program: program, Attach: way})
				if err != nil {
					return err
				}
				attached = append(attached, hook)
			}
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cut the server off the network by BPF, which needs root and Linux 6.6: %w", err), undo())
	}
	return func(context.Context) error { return undo() }, nil
}

// dropPort drops the TCP segments of IPv4 from and to a port, and hands on all else. The
// offsets are those of Ethernet's and IP's headers, see RFC 791.
func dropPort(port int) asm.Instructions {
	const (
		etherType, ipv4   = 12, 0x0800
		ip                = 14
		ipProtocol, tcp   = ip + 9, 6
		next, shot        = -1, 2 // TCX_NEXT, TCX_DROP
		source, target    = ip, ip + 2
		headerLengthWords = 15
	)
	return asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1), // where the loads below take the packet from
		asm.LoadAbs(etherType, asm.Half),
		asm.JNE.Imm(asm.R0, ipv4, "pass"),
		asm.LoadAbs(ipProtocol, asm.Byte),
		asm.JNE.Imm(asm.R0, tcp, "pass"),
		asm.LoadAbs(ip, asm.Byte),
		asm.And.Imm(asm.R0, headerLengthWords),
		asm.LSh.Imm(asm.R0, 2), // words of four bytes
		asm.Mov.Reg(asm.R7, asm.R0),
		asm.LoadInd(asm.R0, asm.R7, source, asm.Half),
		asm.JEq.Imm(asm.R0, int32(port), "drop"),
		asm.LoadInd(asm.R0, asm.R7, target, asm.Half),
		asm.JEq.Imm(asm.R0, int32(port), "drop"),
		asm.Mov.Imm(asm.R0, next).WithSymbol("pass"),
		asm.Return(),
		asm.Mov.Imm(asm.R0, shot).WithSymbol("drop"),
		asm.Return(),
	}
}
