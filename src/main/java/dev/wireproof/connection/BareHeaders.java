package dev.wireproof.connection;

import java.util.Map;

/** What answers tell a browser that come before there is a servlet, and so pass none of the API's filters. */
public final class BareHeaders {
    public static final Map<String, String> SECURITY = Map.of(
            "X-Content-Type-Options", "nosniff",
            "X-Frame-Options", "DENY",
            "Referrer-Policy", "no-referrer",
            "Cache-Control", "no-store",
            "Cross-Origin-Opener-Policy", "same-origin",
            "Strict-Transport-Security", "max-age=31536000 ; includeSubDomains",
            "Content-Security-Policy",
                    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");

    private BareHeaders() {}
}
