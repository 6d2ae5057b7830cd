package local

import (
	"context"
	"errors"
	"fmt"
	"net"

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
	const needs = "which needs root and Linux 6.6"
	loopback, err := net.InterfaceByName("lo")
	if err != nil {
		return targets.Injected{}, fmt.Errorf("cut the server off the network: %w", err)
	}
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, Instructions: dropPort(p.Port), License: "GPL"})
	if err != nil {
		return targets.Injected{}, fmt.Errorf("cut the server off the network by BPF, %s: %w", needs, err)
	}
	attached, err := link.AttachTCX(link.TCXOptions{Interface: loopback.Index, Program: program, Attach: ebpf.AttachTCXIngress})
	if err != nil {
		return targets.Injected{}, errors.Join(fmt.Errorf("cut the server off the network by BPF, %s: %w", needs, err), program.Close())
	}
	return targets.Injected{
		Text: fmt.Sprintf("packets from and to port %d dropped", p.Port),
		Heal: func(context.Context) error { return errors.Join(attached.Close(), program.Close()) },
	}, nil
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
