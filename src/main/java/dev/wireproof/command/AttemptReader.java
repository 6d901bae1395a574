package dev.wireproof.command;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Reads attempts for people, and says which rung each reached. */
final class AttemptReader {

    record Of(CommandId commandId, AttemptView attempt) {}

    private AttemptReader() {}

    static Of read(ResultSet rs, int index) throws SQLException {
        String frameSha256 = rs.getString("frame_sha256");
        int frameBytes = rs.getInt("frame_bytes");
        String seenSha256 = rs.getString("seen_sha256");
        Integer seenBytes = rs.getObject("seen_bytes", Integer.class);
        Instant ackedAt = RowReader.instantOrNull(rs, "acked_at");
        Instant nackedAt = RowReader.instantOrNull(rs, "nacked_at");
        Long enqueued = longOrNull(rs, "enqueued_ns");
        Long started = longOrNull(rs, "write_started_ns");
        Long written = longOrNull(rs, "written_ns");
        Long failed = longOrNull(rs, "write_failed_ns");
        Long tcpAcked = longOrNull(rs, "tcp_acked_ns");
        Long peerRead = longOrNull(rs, "peer_read_ns");
        AttemptView view = new AttemptView(
                rs.getInt("attempt"),
                new ConnectionId(RowReader.uuid(rs, "connection_id")),
                rs.getLong("epoch"),
                OfferReason.ofWireName(rs.getString("reason")),
                RowReader.instant(rs, "offered_at"),
                RowReader.instant(rs, "opened_at"),
                frameBytes,
                frameSha256,
                longOrNull(rs, "fence_seq"),
                rung(enqueued, started, written, failed, tcpAcked, peerRead, ackedAt, nackedAt),
                enqueued,
                started,
                written,
                failed,
                tcpAcked,
                peerRead,
                longOrNull(rs, "fence_rtt_ns"),
                ackedAt,
                nackedAt,
                longOrNull(rs, "answered_ns"),
                RowReader.connection(rs, "answered_on"),
                rs.getString("write_error"),
                rs.getString("refusal"),
                rs.getBoolean("never_written"),
                rs.getString("nack_code"),
                rs.getString("nack_message"),
                altered(frameBytes, frameSha256, seenBytes, seenSha256));
        return new Of(new CommandId(RowReader.uuid(rs, "command_id")), view);
    }

    /** The highest rung for which there is evidence. */
    static Rung rung(
            @Nullable Long enqueued,
            @Nullable Long started,
            @Nullable Long written,
            @Nullable Long failed,
            @Nullable Long tcpAcked,
            @Nullable Long peerRead,
            @Nullable Instant ackedAt,
            @Nullable Instant nackedAt) {
        if (ackedAt != null) {
            return Rung.ACKED;
        }
        if (nackedAt != null) {
            return Rung.NACKED;
        }
        if (peerRead != null) {
            return Rung.PEER_READ;
        }
        if (tcpAcked != null) {
            return Rung.TCP_ACKED;
        }
        if (written != null) {
            return Rung.WRITTEN;
        }
        if (failed != null) {
            return Rung.WRITE_FAILED;
        }
        if (started != null) {
            return Rung.WRITE_STARTED;
        }
        return enqueued != null ? Rung.ENQUEUED : Rung.NONE;
    }

    static @Nullable Boolean altered(
            int bytes, String sha256, @Nullable Integer seenBytes, @Nullable String seenSha256) {
        if (seenBytes == null && seenSha256 == null) {
            return null;
        }
        return (seenBytes != null && seenBytes != bytes) || (seenSha256 != null && !seenSha256.equals(sha256));
    }

    private static @Nullable Long longOrNull(ResultSet rs, String column) throws SQLException {
        return rs.getObject(column, Long.class);
    }
}
