package dev.wireproof.access;

import java.util.Locale;

/** What a caller may do; each role may do all that the ones before it may. */
public enum Role {
    VIEWER,
    TECHNICIAN,
    ADMIN;

    public boolean includes(Role needed) {
        return ordinal() >= needed.ordinal();
    }

    /** As in the API and in the table. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException for anything but viewer, technician, admin */
    public static Role ofWireName(String name) {
        for (Role role : values()) {
            if (role.wireName().equals(name)) {
                return role;
            }
        }
        throw new IllegalArgumentException("must be one of viewer, technician, admin");
    }
}
