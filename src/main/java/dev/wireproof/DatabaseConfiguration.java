package dev.wireproof;

import dev.wireproof.database.CannotStart;
import dev.wireproof.database.DatabaseLock;
import dev.wireproof.database.DurabilityCheck;
import dev.wireproof.database.EmbeddedDatabase;
import dev.wireproof.database.HomeLock;
import dev.wireproof.database.MigrationMarks;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.MigrationVersion;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Where the data lives: an external PostgreSQL when one is set, else one of our own. */
@Configuration(proxyBeanMethods = false)
class DatabaseConfiguration {
    private static final Logger log = LoggerFactory.getLogger(DatabaseConfiguration.class);

    /** Warned about and not refused: the operator of an external database may have a reason; health shows it as well. */
    @Bean
    ApplicationRunner durabilityWarning(JdbcClient db) {
        return _ -> {
            List<String> weaknesses = DurabilityCheck.weaknesses(db);
            if (!weaknesses.isEmpty()) {
                log.atWarn().addKeyValue("settings", weaknesses).log("database.not_durable");
            }
        };
    }

    /** Before anything else is done to the database, migrations included. */
    @Bean
    DatabaseLock databaseLock(JdbcConnectionDetails database) throws SQLException {
        return DatabaseLock.take(
                database.getJdbcUrl(),
                Objects.requireNonNullElse(database.getUsername(), ""),
                Objects.requireNonNullElse(database.getPassword(), ""));
    }

    @Bean
    OnlyServer onlyServer(DatabaseLock lock, ConfigurableApplicationContext server) {
        return new OnlyServer(lock, server);
    }

    /** A migration may take longer than any statement of a running server, so it has a connection without their time limit. */
    @Bean
    FlywayConfigurationCustomizer migrationsTakeTheirTime(JdbcConnectionDetails database, DatabaseLock taken) {
        return flyway -> flyway.dataSource(database.getJdbcUrl(), database.getUsername(), database.getPassword())
                .callbacks(new MigrationMarks());
    }

    /** A server that does not know a newer one's tables could write into them what the newer one does not understand. */
    @Bean
    FlywayMigrationStrategy neverOnANewerSchema() {
        return flyway -> {
            MigrationInfoService history = flyway.info();
            MigrationInfo[] all = history.all();
            Optional<MigrationVersion> newer = newest(all, DatabaseConfiguration::isFuture);
            if (newer.isPresent()) {
                throw new CannotStart(
                        ("the database was used by a newer Wireproof: its schema is at version %s, and this server knows"
                                        + " them up to %s; start the newer server, or restore the backup from before the upgrade")
                                .formatted(
                                        newer.get(),
                                        newest(all, migration -> !isFuture(migration))
                                                .map(MigrationVersion::getVersion)
                                                .orElse("none")));
            }
            MigrationMarks.settle(flyway, history.pending());
            flyway.migrate();
        };
    }

    private static boolean isFuture(MigrationInfo migration) {
        return migration.getState() == MigrationState.FUTURE_SUCCESS
                || migration.getState() == MigrationState.FUTURE_FAILED;
    }

    private static Optional<MigrationVersion> newest(MigrationInfo[] all, Predicate<MigrationInfo> of) {
        return Arrays.stream(all)
                .filter(of)
                .map(MigrationInfo::getVersion)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder());
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(name = "spring.datasource.url", matchIfMissing = true, havingValue = "\0none")
    static class Embedded {
        @Bean
        HomeLock homeLock(@Value("${wireproof.home:./data}") Path home) {
            return HomeLock.take(home);
        }

        @Bean
        EmbeddedDatabase embeddedDatabase(HomeLock lock, @Value("${wireproof.home:./data}") Path home) {
            return EmbeddedDatabase.start(home);
        }

        @Bean
        JdbcConnectionDetails connectionDetails(EmbeddedDatabase database) {
            return new JdbcConnectionDetails() {
                @Override
                public String getJdbcUrl() {
                    return database.jdbcUrl();
                }

                @Override
                public String getUsername() {
                    return database.user();
                }

                @Override
                public String getPassword() {
                    return database.password();
                }
            };
        }
    }
}
