package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The table of the audit log: rows are added and read, never changed; each is chained to the one before. */
@Component
class AuditStore {
    /** One writer at a time, in this process and in any other: the next line is hashed over the one before. */
    private static final String ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7463212802)";

    private static final String HEAD = "SELECT seq, hash FROM audit WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
    private static final String IS_THERE = "SELECT EXISTS (SELECT 1 FROM audit WHERE id = :id)";
    private static final String INSERT_ALL = """
        INSERT INTO audit (id, at, actor, actor_id, action, target, site_id, remote_address, result, detail, seq, hash)
        SELECT u.id, u.at, u.actor, u.actor_id, u.action, u.target, u.site_id, u.remote_address, u.result, u.detail::jsonb, u.seq, decode(u.hash, 'hex')
          FROM unnest(?::uuid[], ?::timestamptz[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[],
                      ?::bigint[], ?::text[])
            AS u (id, at, actor, actor_id, action, target, site_id, remote_address, result, detail, seq, hash)
        """;
    private static final String PAGE = """
        SELECT id, at, actor, actor_id, action, target, site_id, remote_address, result, detail::text AS detail
          FROM audit
         WHERE (:before::uuid IS NULL OR id < :before::uuid)
           AND (:since::timestamptz IS NULL OR at >= :since::timestamptz)
           AND (:actor::text IS NULL OR actor = :actor)
           AND (:action::text IS NULL OR action = :action)
           AND (:allSites OR site_id = ANY (:sites::uuid[]))
         ORDER BY id DESC
         LIMIT :limit
        """;
    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<LinkedHashMap<String, String>> DETAIL = new TypeReference<>() {};

    private final JdbcClient db;
    private final JdbcTemplate batches;
    private final TransactionTemplate transaction;

    AuditStore(JdbcClient db, JdbcTemplate batches, TransactionTemplate transaction) {
        this.db = db;
        this.batches = batches;
        this.transaction = transaction;
    }

    /** A line whose commit was not heard of may be written again: it stays once. */
    void insert(AuditLog.Line line) {
        transaction.executeWithoutResult(_ -> {
            AuditChain.Head head = lockedHead();
            boolean there = db.sql(IS_THERE)
                    .param("id", line.id())
                    .query((row, index) -> row.getBoolean(1))
                    .single();
            if (!there) {
                append(head, List.of(line));
            }
        });
    }

    /** One statement for all of them: a row for each of its parameters costs the database three times as much. */
    void insertAll(List<AuditLog.Line> lines) {
        transaction.executeWithoutResult(_ -> append(lockedHead(), lines));
    }

    /** The lock is a statement of its own: a statement sees what was committed before it began, and the wait must be over by then. */
    private AuditChain.Head lockedHead() {
        db.sql(ONE_AT_A_TIME).query((row, index) -> true).single();
        return db.sql(HEAD)
                .query((row, index) -> new AuditChain.Head(row.getLong("seq"), row.getBytes("hash")))
                .optional()
                .orElse(AuditChain.Head.NONE);
    }

    private void append(AuditChain.Head behind, List<AuditLog.Line> lines) {
        List<AuditChain.Head> links = new ArrayList<>(lines.size());
        AuditChain.Head head = behind;
        for (AuditLog.Line line : lines) {
            head = head.then(line);
            links.add(head);
        }
        batches.update(INSERT_ALL, statement -> {
            fill(statement, 1, "uuid", lines, AuditLog.Line::id);
            fill(statement, 2, "timestamptz", lines, AuditLog.Line::at);
            fill(statement, 3, "text", lines, line -> line.entry().actor());
            fill(statement, 4, "uuid", lines, line -> line.entry().actorId());
            fill(statement, 5, "text", lines, line -> line.entry().action());
            fill(statement, 6, "text", lines, line -> line.entry().target());
            fill(statement, 7, "uuid", lines, line -> line.entry().site());
            fill(statement, 8, "text", lines, line -> line.entry().remoteAddress());
            fill(statement, 9, "text", lines, line -> line.entry().result());
            fill(
                    statement,
                    10,
                    "text",
                    lines,
                    line -> JSON.writeValueAsString(line.entry().detail()));
            fill(statement, 11, "bigint", links, AuditChain.Head::seq);
            fill(statement, 12, "text", links, AuditChain.Head::hex);
        });
    }

    private static <T> void fill(
            PreparedStatement statement, int parameter, String type, List<T> lines, Function<T, @Nullable Object> value)
            throws SQLException {
        Array column = statement
                .getConnection()
                .createArrayOf(type, lines.stream().map(value).toArray());
        statement.setArray(parameter, column);
    }

    List<AuditLog.Line> page(
            @Nullable Instant since,
            @Nullable String actor,
            @Nullable String action,
            @Nullable Collection<SiteId> sites,
            @Nullable UUID before,
            int limit) {
        return db.sql(PAGE)
                .param("before", before)
                .param("since", since == null ? null : since.atOffset(ZoneOffset.UTC))
                .param("actor", actor)
                .param("action", action)
                .param("allSites", sites == null)
                .param("sites", SiteArrays.literal(sites))
                .param("limit", limit)
                .query(AuditStore::row)
                .list();
    }

    static AuditLog.Line row(ResultSet row, int index) throws SQLException {
        UUID site = row.getObject("site_id", UUID.class);
        return new AuditLog.Line(
                row.getObject("id", UUID.class),
                row.getObject("at", OffsetDateTime.class).toInstant(),
                new AuditEntry(
                        row.getString("actor"),
                        row.getObject("actor_id", UUID.class),
                        row.getString("action"),
                        row.getString("target"),
                        site == null ? null : new SiteId(site),
                        row.getString("remote_address"),
                        row.getString("result"),
                        JSON.readValue(row.getString("detail"), DETAIL)));
    }
}
