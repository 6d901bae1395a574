package dev.wireproof.api;

import com.fasterxml.jackson.annotation.JsonSetter;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is to change about an agent: a field that is left out stays; null takes back what an operator had set. */
final class AgentPatchRequest {
    private boolean tagsGiven;
    private boolean nameGiven;
    private @Nullable Map<String, @Nullable String> tags;
    private @Nullable String siteId;
    private @Nullable String displayName;
    private @Nullable AgentConfigJson config;

    @JsonSetter("tags")
    void setTags(@Nullable Map<String, @Nullable String> given) {
        tagsGiven = true;
        tags = given;
    }

    @JsonSetter("site_id")
    void setSiteId(@Nullable String given) {
        siteId = given;
    }

    @JsonSetter("display_name")
    void setDisplayName(@Nullable String given) {
        nameGiven = true;
        displayName = given;
    }

    @JsonSetter("config")
    void setConfig(@Nullable AgentConfigJson given) {
        config = given;
    }

    boolean tagsGiven() {
        return tagsGiven;
    }

    boolean nameGiven() {
        return nameGiven;
    }

    @Nullable
    Map<String, @Nullable String> tags() {
        return tags;
    }

    @Nullable
    String siteId() {
        return siteId;
    }

    @Nullable
    String displayName() {
        return displayName;
    }

    @Nullable
    AgentConfigJson config() {
        return config;
    }

    /** Technicians set tags; where an agent stands, what it is called and what it does is for admins. */
    boolean needsAdmin() {
        return nameGiven || siteId != null || config != null;
    }
}
