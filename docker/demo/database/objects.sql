-- Views, routines, triggers and events. Loaded after the rows, so that no trigger fires while loading.

SET NAMES utf8mb4;

CREATE VIEW order_totals AS
  SELECT o.id AS order_id, o.customer_id, o.status, o.total,
         SUM(i.line_total) AS items_total, COUNT(*) AS line_count
    FROM orders o JOIN order_items i ON i.order_id = o.id
   GROUP BY o.id, o.customer_id, o.status, o.total;

DELIMITER //

CREATE FUNCTION customer_revenue(customer INT UNSIGNED) RETURNS DECIMAL(14,2)
  READS SQL DATA
BEGIN
  RETURN (SELECT COALESCE(SUM(total), 0) FROM orders
           WHERE customer_id = customer AND status NOT IN ('cancelled', 'returned'));
END //

CREATE PROCEDURE close_order(IN order_to_close INT UNSIGNED)
  MODIFIES SQL DATA
BEGIN
  UPDATE orders SET status = 'delivered' WHERE id = order_to_close AND status = 'shipped';
END //

CREATE TRIGGER orders_status_changed AFTER UPDATE ON orders FOR EACH ROW
BEGIN
  IF NEW.status <> OLD.status THEN
    INSERT INTO order_status_history (order_id, old_status, new_status)
    VALUES (NEW.id, OLD.status, NEW.status);
  END IF;
END //

CREATE EVENT purge_sessions ON SCHEDULE EVERY 1 HOUR DO
  DELETE FROM sessions WHERE modified + lifetime < UNIX_TIMESTAMP() //

DELIMITER ;
