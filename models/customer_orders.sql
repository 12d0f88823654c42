{{ config(materialized='table') }}

with ordered as (
    select
        source,
        customer_no,
        count(*) as orders,
        sum(case when status <> 'cancelled' then amount else 0 end) as volume,
        min(ordered_at) as first_order_on,
        max(ordered_at) as last_order_on
    from {{ ref('orders') }}
    group by source, customer_no
),

known as (
    -- An export may hold a customer twice: its rows agree, or a rule has flagged them.
    select
        source,
        source_id,
        min(signup_date) as signup_date,
        max(last_order_date) as last_order_date
    from {{ ref('customers') }}
    group by source, source_id
)

select
    ordered.source,
    ordered.customer_no,
    known.signup_date,
    known.last_order_date,
    ordered.orders,
    ordered.volume,
    ordered.first_order_on,
    ordered.last_order_on
from ordered
inner join known
    on known.source = ordered.source
    and known.source_id = ordered.customer_no
