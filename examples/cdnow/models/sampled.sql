{{ config(materialized='table') }}

-- Repeat purchases of the first 39 weeks, the week of the last of them and the weeks observed.
with counted as (
    select
        customer_id,
        count(*) - 1 as repeat_purchases,
        date_diff('day', min(bought_on), max(bought_on)) as last_day,
        date_diff('day', min(bought_on), date '1997-09-30') as days
    from {{ ref('purchases') }}
    where bought_on <= date '1997-09-30'
    group by customer_id
)

select
    published.customer_id,
    counted.repeat_purchases,
    cast(published.repeat_purchases as integer) as published_purchases,
    counted.last_day,
    cast(round(cast(published.last_week as double) * 7) as integer) as published_last_day,
    counted.days,
    cast(round(cast(published.weeks as double) * 7) as integer) as published_days
from {{ ref('published') }} as published
left join counted on published.customer_id = counted.customer_id
