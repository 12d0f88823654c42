{{ config(materialized='table') }}

select
    customer_id,
    min(bought_on) as first_bought_on
from {{ ref('transactions') }}
group by customer_id
