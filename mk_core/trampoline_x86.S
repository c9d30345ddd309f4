/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Code that is copied to pages below 1 MiB and entered by SIPI, in real mode
 * with CS = page >> 4 and IP = 0 (Intel SDM 3A, 9.4.4).  Position-independent;
 * arch_x86.c fills the parameters, whose layout is struct mk_trampoline.
 */
#include <linux/linkage.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#define AT(sym)		(sym - mk_trampoline)

	.section .rodata, "a"

	.balign 16
SYM_DATA_START(mk_trampoline)
	.code16
	jmp	1f
	.balign 4
.Lgo:	.long	0		/* go on: set by the host, which saw .Lhere */
.Lhere:	.long	0		/* arrived: set by the CPU */
.Lcr3:	.long	0
.Lentry: .quad	0
.Lrsi:	.quad	0
.Lgdtr:	.word	.Lgdt_end - .Lgdt - 1
	.long	0		/* linear address of the GDT */
.Lfar:	.long	0		/* linear address of 64-bit code */
	.word	0x10
	.balign 8
.Lgdt:	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
.Lgdt_end:

1:	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	movl	$1, AT(.Lhere)
2:	pause
	cmpl	$0, AT(.Lgo)
	je	2b
	lgdtl	AT(.Lgdtr)
	movl	$X86_CR4_PAE, %eax
	movl	%eax, %cr4
	movl	AT(.Lcr3), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	btsl	$_EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~(X86_CR0_CD | X86_CR0_NW), %eax
	orl	$(X86_CR0_PG | X86_CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*AT(.Lfar)

	.code64
SYM_DATA_START(mk_trampoline64)
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movq	.Lrsi(%rip), %rsi
	movq	.Lentry(%rip), %rax
	jmp	*%rax
SYM_DATA_END(mk_trampoline64)
SYM_DATA_END_LABEL(mk_trampoline, SYM_L_GLOBAL, mk_trampoline_end)

#undef AT
#define AT(sym)		(sym - mk_stub)

/*
 * The stub of the host's own page: say who is here, then halt for good.  The
 * identity makes a CPU that arrives late unable to answer for another.
 */
	.balign 16
SYM_DATA_START(mk_stub)
	.code16
	jmp	1f
	.balign 8
.Lapicid: .long	0
.Lack:	.long	0
1:	cli
	movw	%cs, %ax
	movw	%ax, %ds
	xorl	%eax, %eax
	cpuid
	cmpl	$0xb, %eax
	jb	2f
	movl	$0xb, %eax		/* x2APIC id, if the leaf is there */
	xorl	%ecx, %ecx
	cpuid
	testw	%bx, %bx
	jnz	3f
2:	movl	$1, %eax		/* initial APIC id */
	cpuid
	shrl	$24, %ebx
	movl	%ebx, %edx
3:	movl	%edx, AT(.Lapicid)
	movl	$1, AT(.Lack)
4:	hlt
	jmp	4b
SYM_DATA_END_LABEL(mk_stub, SYM_L_GLOBAL, mk_stub_end)

	.code64
	.section .note.GNU-stack, "", @progbits
