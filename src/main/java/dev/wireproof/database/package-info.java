/**
 * A real PostgreSQL beside the server, for whoever has not set one up: started, found again after a crash, stopped with the server. Also
 * the look at any database's settings that decides whether "stored" means stored, and the lock that keeps one
 * server for each database.
 *
 * <p>May use: nothing. Used by: the root package, ops.
 * Start reading at {@link dev.wireproof.database.EmbeddedDatabase}.
 */
@NullMarked
package dev.wireproof.database;

import org.jspecify.annotations.NullMarked;
