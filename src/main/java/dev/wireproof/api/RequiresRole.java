package dev.wireproof.api;

import dev.wireproof.access.Role;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Who may call a route, decided before its body is read. Which sites the caller may see is decided by the handler, because only it knows
 * what the request is about.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface RequiresRole {
    Role value();

    /** What the audit log calls it, such as {@code command.cancel}; empty for what only reads and takes nothing out. */
    String audit() default "";
}
