package dev.wireproof;

import dev.wireproof.database.DurabilityCheck;
import dev.wireproof.database.EmbeddedDatabase;
import dev.wireproof.database.HomeLock;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
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

    /** A migration may take longer than any statement of a running server, so it has a connection without their time limit. */
    @Bean
    FlywayConfigurationCustomizer migrationsTakeTheirTime(JdbcConnectionDetails database) {
        return flyway -> flyway.dataSource(database.getJdbcUrl(), database.getUsername(), database.getPassword());
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
