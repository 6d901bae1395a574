-- What the kernel's TCP tells of an attempt: when it was seen that the next hop's TCP had acknowledged all its bytes. NULL: not asked, or
-- not seen. Only an instant at which the kernel was asked is ever stored. Old servers neither read nor write it.
ALTER TABLE command_attempt ADD COLUMN tcp_acked_ns bigint;
