/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mk_ipc/ring.c for the model checker Spin: publish, wrap, full, bells that
 * are not rung for a side that polls, and the death of either side at any step.
 *
 * A store waits in its CPU's buffer (x86-TSO) until a flush or a barrier; so a
 * barrier that is missing shows (-DNO_MB).  Messages are one slot long, and
 * their number is their content.  Checked: each is read whole, once and in
 * order; nobody sleeps for ever, as long as the other lives; who lives on after
 * a death ends, and has got all that was published.
 */
#define SIZE	2	/* slots */
#define MOD	8	/* positions count modulo this */
#ifndef N
#define N	4	/* messages: the ring wraps */
#endif

#define TAIL		10
#define ROOM_EVENT	11
#define HEAD		12
#define DATA_EVENT	13

#define minus(a, b)	((a + MOD - (b)) % MOD)
#define beyond(event, new, old)	(minus(new + MOD - 1, event) < minus(new, old))

byte slot[SIZE], tail, head, room_event = MOD - 1, data_event = MOD - 1;
bool tx_bell, rx_bell;		/* rung, and not yet answered */
bool tx_dead, rx_dead;		/* stopped at some instruction */
bool tx_gone, rx_gone;		/* and the host has told the other */

chan tx_stores = [3] of { byte, byte };
chan rx_stores = [3] of { byte, byte };

inline store(at, value)
{
	if
	:: at == TAIL -> tail = value
	:: at == ROOM_EVENT -> room_event = value
	:: at == HEAD -> head = value
	:: at == DATA_EVENT -> data_event = value
	:: else -> slot[at] = value
	fi
}

#define flush(stores)	\
	byte where, what;	\
end:	do	\
	:: d_step { stores ? where, what; store(where, what) }	\
	od

active proctype tx_flush()
{
	flush(tx_stores)
}

active proctype rx_flush()
{
	flush(rx_stores)
}

#ifdef NO_MB
#define mb(stores)	skip
#else
#define mb(stores)	empty(stores)
#endif

inline tx_publish()
{
	if
	:: put != published ->
		old = published;
		published = put;
		tx_stores ! TAIL, put;
		mb(tx_stores);
		if
		:: beyond(data_event, put, old) -> rx_bell = true
		:: else
		fi
	:: else
	fi
}

active proctype producer()
{
	byte n, put, published, seen, old;

	{
		do
		:: n < N && minus(put, seen) < SIZE ->
			tx_stores ! put % SIZE, n;
			put = (put + 1) % MOD;
			n++;
			if
			:: tx_publish()
			:: skip			/* more of the same batch */
			fi
		:: n < N && minus(put, seen) == SIZE && minus(put, head) < SIZE ->
			seen = head
		:: n < N && minus(put, seen) == SIZE && minus(put, head) == SIZE ->
			tx_publish();
			tx_stores ! ROOM_EVENT, minus(put + 1, SIZE + 1);
			mb(tx_stores);
			seen = head;
			if
			:: minus(put, seen) == SIZE ->
				if
				:: tx_bell -> tx_bell = false
				:: rx_gone -> break
				fi
			:: else
			fi
		:: n == N ->
			tx_publish();
			break
		od
	} unless { tx_dead }
}

inline rx_release()
{
	if
	:: got != released ->
		old = released;
		released = got;
		rx_stores ! HEAD, got;
		mb(rx_stores);
		if
		:: beyond(room_event, got, old) -> tx_bell = true
		:: else
		fi
	:: else
	fi
}

active proctype consumer()
{
	byte m, got, released, seen, old;
	bool gone;

	{
		do
		:: m < N && got != seen ->
			assert(slot[got % SIZE] == m);
			got = (got + 1) % MOD;
			m++;
			if
			:: rx_release()
			:: skip
			fi
		:: m < N && got == seen && tail != seen ->
			seen = tail
		:: m < N && got == seen && tail == seen ->
			rx_release();
			rx_stores ! DATA_EVENT, got;
			mb(rx_stores);
			gone = tx_gone;
			seen = tail;
			if
			:: got == seen && gone -> break
			:: got == seen && !gone ->
				if
				:: rx_bell -> rx_bell = false
				:: tx_gone
				fi
			:: else
			fi
		:: m == N ->
			rx_release();
			break
		od;
		assert(m == N || tx_dead);
		assert(got == tail)
	} unless { rx_dead }
}

/* Each may die, or not; what its CPU had stored becomes visible before the
 * host knows of it (INIT comes after the stores have drained). */
active proctype death()
{
	if
	:: tx_dead = true; empty(tx_stores); tx_gone = true
	:: rx_dead = true; empty(rx_stores); rx_gone = true
	:: skip
	fi
}
