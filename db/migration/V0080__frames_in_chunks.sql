-- Frames of one connection that were written together are one row: a row and its index entries for each frame were a seventh of all that a
-- command cost. What reads frames goes on to read them one by one, from the view.
CREATE TABLE frame_chunk (
    connection_id uuid          NOT NULL,
    first_seq     bigint        NOT NULL, -- chunks of a connection may overlap: a frame is written when it is finished
    last_seq      bigint        NOT NULL,
    at            timestamptz   NOT NULL, -- of its earliest frame
    until         timestamptz   NOT NULL, -- of its latest
    origin        timestamptz   NOT NULL, -- when the instants of its connection (…_ns) were 0
    command_ids   uuid[],                 -- each once; null when no frame is about a command
    -- One element for each frame; null where no frame has such a value.
    seqs          bigint[]      NOT NULL, -- from 1, in the order in which this server met them; a gap is a frame that was not kept
    kinds         text[]        NOT NULL, -- i or o: in or out; t b p q c: text, binary, ping, pong, close; then a message's name, behind a colon
    commands      uuid[],
    bytes         bigint[]      NOT NULL,
    fence_seqs    bigint[],
    pongs_of      bigint[],
    enqueued_ns   bigint[],
    write_started_ns bigint[],
    written_ns    bigint[],
    received_ns   bigint[],
    errors        text[],
    sha256s       bytea[],
    CHECK (first_seq <= last_seq AND at <= until),
    CHECK (cardinality(seqs) > 0 AND cardinality(seqs) = cardinality(kinds) AND cardinality(seqs) = cardinality(bytes))
) PARTITION BY RANGE (at);
CREATE INDEX frame_chunk_of_connection ON frame_chunk (connection_id, first_seq, last_seq);
CREATE INDEX frame_chunk_of_command ON frame_chunk USING gin (command_ids) WHERE command_ids IS NOT NULL;
CREATE TABLE frame_chunk_default PARTITION OF frame_chunk DEFAULT;

INSERT INTO frame_chunk (connection_id, first_seq, last_seq, at, until, origin, command_ids, seqs, kinds, commands, bytes,
                         fence_seqs, pongs_of, enqueued_ns, write_started_ns, written_ns, received_ns, errors, sha256s)
SELECT connection_id, min(seq), max(seq), min(at), max(at),
       min(at - coalesce(received_ns, greatest(enqueued_ns, write_started_ns, written_ns)) / 1000 * interval '1 microsecond'),
       array_agg(DISTINCT command_id) FILTER (WHERE command_id IS NOT NULL), array_agg(seq ORDER BY seq),
       array_agg(left(direction, 1) || CASE opcode WHEN 'pong' THEN 'q' ELSE left(opcode, 1) END || coalesce(':' || type, '') ORDER BY seq),
       array_agg(command_id ORDER BY seq), array_agg(bytes ORDER BY seq), array_agg(fence_seq ORDER BY seq),
       array_agg(pong_of ORDER BY seq), array_agg(enqueued_ns ORDER BY seq), array_agg(write_started_ns ORDER BY seq),
       array_agg(written_ns ORDER BY seq), array_agg(received_ns ORDER BY seq), array_agg(error ORDER BY seq), array_agg(sha256 ORDER BY seq)
  FROM frame
 GROUP BY connection_id, (seq - 1) / 64;

DROP TABLE frame;

-- The chunk's own columns are there to be asked for as well: an index has them.
CREATE VIEW frame AS
SELECT c.connection_id, f.seq,
       c.origin + coalesce(f.received_ns, greatest(f.enqueued_ns, f.write_started_ns, f.written_ns)) / 1000 * interval '1 microsecond' AS at,
       CASE left(f.kind, 1) WHEN 'i' THEN 'in' ELSE 'out' END AS direction,
       CASE substr(f.kind, 2, 1) WHEN 't' THEN 'text' WHEN 'b' THEN 'binary' WHEN 'p' THEN 'ping' WHEN 'q' THEN 'pong' ELSE 'close' END AS opcode,
       CASE WHEN length(f.kind) > 2 THEN substr(f.kind, 4) END AS type,
       f.command_id, f.bytes, f.fence_seq, f.pong_of, f.enqueued_ns, f.write_started_ns, f.written_ns, f.received_ns, f.error, f.sha256,
       c.first_seq AS chunk_first_seq, c.last_seq AS chunk_last_seq, c.at AS chunk_at, c.until AS chunk_until,
       c.command_ids AS chunk_command_ids
  FROM frame_chunk c
 CROSS JOIN LATERAL unnest(c.seqs, c.kinds, c.commands, c.bytes, c.fence_seqs, c.pongs_of, c.enqueued_ns, c.write_started_ns, c.written_ns,
                           c.received_ns, c.errors, c.sha256s)
            AS f (seq, kind, command_id, bytes, fence_seq, pong_of, enqueued_ns, write_started_ns, written_ns, received_ns, error, sha256);
