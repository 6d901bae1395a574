package dev.wireproof.fleet;

import dev.wireproof.access.EnrollmentTokens;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.data.domain.Limit;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The sites: places that agents stand at, and what tokens are limited to. */
@Component
public class Sites {
    private static final String AGENTS_AT = """
        SELECT site_id, count(*) AS agents
          FROM agent
         WHERE site_id = ANY (:sites::uuid[])
           AND deleted_at IS NULL
         GROUP BY site_id
        """;

    private static final String STANDS_THERE =
            "SELECT EXISTS (SELECT 1 FROM agent WHERE site_id = :site AND deleted_at IS NULL)";
    private static final String FORGET_SITE =
            "UPDATE agent SET site_id = NULL WHERE site_id = :site AND deleted_at IS NOT NULL";

    private final SiteRows rows;
    private final JdbcClient db;
    private final InstantSource clock;
    private final EnrollmentTokens enrollmentTokens;

    Sites(SiteRows rows, JdbcClient db, InstantSource clock, EnrollmentTokens enrollmentTokens) {
        this.enrollmentTokens = enrollmentTokens;
        this.rows = rows;
        this.db = db;
        this.clock = clock;
    }

    /** @param agents how many stand there, pending ones included */
    public record Site(SiteId id, String name, Instant createdAt, long agents) {}

    /** What became of a change. */
    public sealed interface Outcome {
        record Done(Site site) implements Outcome {}

        record NameTaken() implements Outcome {}

        record NotFound() implements Outcome {}
    }

    /** What became of a deletion. */
    public enum Deletion {
        DONE,
        NOT_FOUND,
        HAS_AGENTS,
        /** The site {@code default} stays, because bootstrap tokens lead to it. */
        IS_DEFAULT
    }

    public boolean exists(SiteId site) {
        return rows.existsById(site.value());
    }

    public Optional<Site> find(SiteId site) {
        return rows.findById(site.value()).map(row -> withAgents(List.of(row)).getFirst());
    }

    /**
     * Newest first.
     *
     * @param among only these; null: all
     * @param before only sites older than this one; null: from the newest
     */
    public List<Site> page(@Nullable Collection<SiteId> among, @Nullable UUID before, int limit) {
        return withAgents(
                among == null
                        ? rows.page(before, Limit.of(limit))
                        : rows.pageAmong(among.stream().map(SiteId::value).toList(), before, Limit.of(limit)));
    }

    public Outcome create(String name) {
        Instant now = clock.instant();
        return saved(new SiteRow(Uuids.version7(now), name, now));
    }

    public Outcome rename(SiteId site, String name) {
        Optional<SiteRow> row = rows.findById(site.value());
        if (row.isEmpty()) {
            return new Outcome.NotFound();
        }
        row.get().name = name;
        return saved(row.get());
    }

    private Outcome saved(SiteRow row) {
        try {
            SiteRow stored = rows.saveAndFlush(row);
            return new Outcome.Done(withAgents(List.of(stored)).getFirst());
        } catch (DataIntegrityViolationException taken) {
            return new Outcome.NameTaken();
        }
    }

    /** Its enrollment tokens are revoked with it. */
    @Transactional
    public Deletion delete(SiteId site) {
        if (site.equals(SiteId.DEFAULT)) {
            return Deletion.IS_DEFAULT;
        }
        Optional<SiteRow> row = rows.findWithLockById(site.value());
        if (row.isEmpty()) {
            return Deletion.NOT_FOUND;
        }
        if (db.sql(STANDS_THERE)
                .param("site", site.value())
                .query(Boolean.class)
                .single()) {
            return Deletion.HAS_AGENTS;
        }
        db.sql(FORGET_SITE).param("site", site.value()).update();
        enrollmentTokens.revokeOf(site);
        rows.delete(row.get());
        return Deletion.DONE;
    }

    private List<Site> withAgents(List<SiteRow> sites) {
        Map<UUID, Long> counts = new HashMap<>();
        db.sql(AGENTS_AT)
                .param("sites", sites.stream().map(row -> row.id.toString()).collect(Collectors.joining(",", "{", "}")))
                .query((ResultSet row) -> count(counts, row));
        return sites.stream()
                .map(row -> new Site(new SiteId(row.id), row.name, row.createdAt, counts.getOrDefault(row.id, 0L)))
                .toList();
    }

    private static void count(Map<UUID, Long> counts, ResultSet row) throws SQLException {
        counts.put(row.getObject("site_id", UUID.class), row.getLong("agents"));
    }
}
