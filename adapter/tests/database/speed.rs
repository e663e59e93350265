//! How fast a large table is copied and compared: `ADAPTER_SPEED` is the number of rows.

use std::time::Instant;

use crate::pair::Pair;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; needs TEST_DATABASE_URL and ADAPTER_SPEED"]
async fn many_rows_are_copied_and_compared() {
    let Ok(rows) = std::env::var("ADAPTER_SPEED") else { return };
    let count: u32 = rows.parse().unwrap();
    let tables = "CREATE TABLE products (id bigserial PRIMARY KEY, name text NOT NULL, price numeric(10,2), made timestamptz, tags text[])";
    let rows = format!(
        "INSERT INTO products (name, price, made, tags) SELECT 'product ' || g, g / 100.0, '2020-01-01'::timestamptz + g * interval '1 s', ARRAY['a', 'b'] FROM generate_series(1, {count}) g"
    );
    let pair = Pair::of(tables, &rows, "/api/products", &["products"]).await;
    let begin = Instant::now();
    pair.pump(5_000).await.unwrap();
    let copied = begin.elapsed();
    println!(
        "copied: {:.0} rows/s, {:.1} s",
        f64::from(count) / copied.as_secs_f64(),
        copied.as_secs_f64()
    );
    let begin = Instant::now();
    let (mut after, mut rows) = (None, 0);
    loop {
        let (one, other) = tokio::join!(
            pair.from.digest(after.as_ref(), None, 10_000),
            pair.to.digest(after.as_ref(), None, 10_000)
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.hash, other.hash);
        rows += one.rows;
        if one.last {
            break;
        }
        after = one.to;
    }
    assert_eq!(rows, u64::from(count));
    println!("compared: {:.1} s", begin.elapsed().as_secs_f64());
}
