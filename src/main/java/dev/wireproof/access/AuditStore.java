package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The table of the audit log: rows are added and read, never changed. */
@Component
class AuditStore {
    private static final String INSERT = """
        INSERT INTO audit (id, at, actor, actor_id, action, target, site_id, remote_address, result, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)
        ON CONFLICT (id) DO NOTHING -- a line whose commit was not heard of is written again
        """;
    private static final String INSERT_ALL = """
        INSERT INTO audit (id, at, actor, actor_id, action, target, site_id, remote_address, result, detail)
        SELECT u.id, u.at, u.actor, u.actor_id, u.action, u.target, u.site_id, u.remote_address, u.result, u.detail::jsonb
          FROM unnest(?::uuid[], ?::timestamptz[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[])
            AS u (id, at, actor, actor_id, action, target, site_id, remote_address, result, detail)
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
    private static final TypeReference<LinkedHashMap<String, String>> DETAIL = new TypeReference<>() {};

    private final JdbcClient db;
    private final JdbcTemplate batches;
    private final JsonMapper json = new JsonMapper();

    AuditStore(JdbcClient db, JdbcTemplate batches) {
        this.db = db;
        this.batches = batches;
    }

    void insert(AuditLog.Line line) {
        batches.update(INSERT, statement -> fill(statement, line));
    }

    /** One statement for all of them: a row for each of its parameters costs the database three times as much. */
    void insertAll(List<AuditLog.Line> lines) {
        batches.update(INSERT_ALL, statement -> {
            fill(statement, 1, "uuid", lines, AuditLog.Line::id);
            fill(statement, 2, "timestamptz", lines, AuditLog.Line::at);
            fill(statement, 3, "text", lines, line -> storable(line.entry().actor()));
            fill(statement, 4, "uuid", lines, line -> line.entry().actorId());
            fill(statement, 5, "text", lines, line -> storable(line.entry().action()));
            fill(statement, 6, "text", lines, line -> storable(line.entry().target()));
            fill(statement, 7, "uuid", lines, line -> line.entry().site());
            fill(statement, 8, "text", lines, line -> line.entry().remoteAddress());
            fill(statement, 9, "text", lines, line -> storable(line.entry().result()));
            fill(statement, 10, "text", lines, this::detail);
        });
    }

    private static void fill(
            PreparedStatement statement,
            int parameter,
            String type,
            List<AuditLog.Line> lines,
            Function<AuditLog.Line, @Nullable Object> value)
            throws SQLException {
        Array column = statement
                .getConnection()
                .createArrayOf(type, lines.stream().map(value).toArray());
        statement.setArray(parameter, column);
    }

    private void fill(PreparedStatement statement, AuditLog.Line line) throws SQLException {
        AuditEntry entry = line.entry();
        SiteId site = entry.site();
        statement.setObject(1, line.id());
        statement.setObject(2, line.at().atOffset(ZoneOffset.UTC));
        statement.setString(3, storable(entry.actor()));
        statement.setObject(4, entry.actorId(), Types.OTHER);
        statement.setString(5, storable(entry.action()));
        statement.setString(6, storable(entry.target()));
        statement.setObject(7, site == null ? null : site.value(), Types.OTHER);
        statement.setString(8, entry.remoteAddress());
        statement.setString(9, storable(entry.result()));
        statement.setString(10, detail(line));
    }

    private String detail(AuditLog.Line line) {
        Map<String, String> detail = new LinkedHashMap<>();
        line.entry().detail().forEach((key, value) -> detail.put(storable(key), storable(value)));
        return json.writeValueAsString(detail);
    }

    /** PostgreSQL has no NUL in text, and JSON no lone surrogate. */
    private static String storable(String text) {
        return StorableText.of(text);
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
                .query(this::row)
                .list();
    }

    private AuditLog.Line row(ResultSet row, int index) throws SQLException {
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
                        json.readValue(row.getString("detail"), DETAIL)));
    }
}
