package dev.wireproof;

import dev.wireproof.database.CannotStart;
import dev.wireproof.database.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Gives a demo its tokens before anything else starts, and the same ones at each start: they are kept in the demo's folder,
 * readable by this account only. A token that the operator set wins.
 */
final class DemoTokens implements ApplicationContextInitializer<ConfigurableApplicationContext> {
    private static final Map<String, String> PREFIXES =
            Map.of("wireproof.bootstrap.admin-token", "wpt_", "wireproof.bootstrap.enrollment-token", "wpe_");

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        ConfigurableEnvironment environment = context.getEnvironment();
        if (!environment.getProperty("wireproof.demo", Boolean.class, false)) {
            return;
        }
        Path folder = Path.of(environment.getProperty("wireproof.home", "./data"), "demo");
        Map<String, Object> tokens = new LinkedHashMap<>();
        PREFIXES.forEach((property, prefix) -> {
            if (environment.getProperty(property) == null) {
                tokens.put(property, kept(folder.resolve(property.substring(property.lastIndexOf('.') + 1)), prefix));
            }
        });
        environment.getPropertySources().addLast(new MapPropertySource("demo-tokens", tokens));
    }

    private static String kept(Path file, String prefix) {
        try {
            Files.createDirectories(file.getParent());
            if (!Files.exists(file)) {
                byte[] secret = new byte[32];
                new SecureRandom().nextBytes(secret);
                PrivateFile.create(file, prefix + HexFormat.of().formatHex(secret));
            }
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new CannotStart("the demo's token in %s cannot be kept: %s".formatted(file.toAbsolutePath(), e), e);
        }
    }
}
